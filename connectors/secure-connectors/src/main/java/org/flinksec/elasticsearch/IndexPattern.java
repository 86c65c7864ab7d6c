// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.Serializable;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.flinksec.rows.Scalars;

/**
 * The name of an index that each record makes: texts, and fields in between.
 *
 * <p>Not safe for use by several threads.
 */
final class IndexPattern implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * A piece of the name.
   *
   * @param text as it is; null for a field
   * @param field its name; null for a text
   * @param date of {@link DateTimeFormatter}, in UTC; null for the text form of the field
   * @param lower whether the text form is made lowercase
   */
  record Piece(String text, String field, String date, boolean lower) implements Serializable {}

  private final List<Piece> pieces;
  private transient List<DateTimeFormatter> formatters;
  private transient String lastLegal;

  private IndexPattern(List<Piece> pieces) {
    this.pieces = pieces;
  }

  /**
   * @param json what {@code flinksec_jobs.elasticsearch.index_pattern} makes: a list of texts, and
   *     of objects with {@code field}, and {@code date} or {@code lower}
   */
  static IndexPattern parse(String json) {
    try {
      List<Piece> pieces = new ArrayList<>();
      for (JsonNode piece : new ObjectMapper().readTree(json)) {
        pieces.add(
            new Piece(
                piece.textValue(),
                piece.path("field").textValue(),
                piece.path("date").textValue(),
                piece.path("lower").asBoolean()));
      }
      return new IndexPattern(pieces);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("index_pattern is no JSON");
    }
  }

  List<Piece> pieces() {
    return pieces;
  }

  List<String> fields() {
    return pieces.stream().map(Piece::field).filter(Objects::nonNull).distinct().toList();
  }

  /**
   * The name for a record.
   *
   * @throws DocumentException if a field is null, no time, or makes a name that no index can have
   */
  String name(FieldValues values) {
    if (formatters == null) {
      formatters = pieces.stream().map(IndexPattern::formatter).toList();
    }
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < pieces.size(); i++) {
      Piece piece = pieces.get(i);
      if (piece.text != null) {
        name.append(piece.text);
        continue;
      }
      Object value = values.get(piece.field);
      if (value == null) {
        throw new DocumentException(
            "the field '%s' of the index's name is null or missing".formatted(piece.field));
      }
      if (piece.date != null) {
        name.append(formatters.get(i).format(time(value, piece.field)));
      } else {
        String text = Scalars.text(value);
        name.append(piece.lower ? text.toLowerCase(Locale.ROOT) : text);
      }
    }
    String made = name.toString();
    if (!made.equals(lastLegal)) {
      String problem = IndexNames.problem(made);
      if (problem != null) {
        throw new DocumentException(
            "the index's name, made of '%s', %s%s"
                .formatted(
                    String.join("', '", fields()),
                    problem,
                    made.equals(made.toLowerCase(Locale.ROOT)) ? "" : ": write {FIELD:lower}"));
      }
      lastLegal = made;
    }
    return made;
  }

  private static DateTimeFormatter formatter(Piece piece) {
    return piece.date == null ? null : DateTimeFormatter.ofPattern(piece.date, Locale.ROOT);
  }

  private static TemporalAccessor time(Object value, String field) {
    try {
      if (value instanceof Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
      }
      if (value instanceof LocalDate date) {
        return date.atStartOfDay(ZoneOffset.UTC);
      }
      String text = (String) value;
      OffsetDateTime found =
          text.length() == 10
              ? LocalDate.parse(text).atStartOfDay().atOffset(ZoneOffset.UTC)
              : OffsetDateTime.parse(text).withOffsetSameInstant(ZoneOffset.UTC);
      if (found.getYear() >= 1 && found.getYear() <= 9999) {
        return found;
      }
      throw new DocumentException(
          "the field '%s' of the index's name is beyond the years 1 to 9999".formatted(field));
    } catch (DateTimeException e) {
      throw new DocumentException(
          "the field '%s' of the index's name is no time with an offset, and no date"
              .formatted(field));
    }
  }
}
