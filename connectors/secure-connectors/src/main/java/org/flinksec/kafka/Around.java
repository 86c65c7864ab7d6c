// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/**
 * One row field that stands for something around the value of a Kafka record, in {@code metadata}
 * of a source or of a sink.
 *
 * @param position of the field
 * @param field its name
 * @param source what it stands for: {@code topic}, {@code headers}, {@code header:NAME}, …
 * @param kind what the field holds
 * @param inner what its values hold, if it is a dict; else null
 * @param innerRequired whether these may not be null
 * @param required whether it may not be null
 */
record Around(
    int position,
    String field,
    String source,
    Kind kind,
    Kind inner,
    boolean innerRequired,
    boolean required)
    implements Serializable {
  static final String HEADER = "header:";

  private static final Map<String, Set<Kind>> KINDS =
      Map.of(
          "topic",
          EnumSet.of(Kind.STR),
          "partition",
          EnumSet.of(Kind.INT, Kind.INT32),
          "offset",
          EnumSet.of(Kind.INT),
          "timestamp",
          EnumSet.of(Kind.INT, Kind.DATETIME),
          "key",
          EnumSet.of(Kind.STR, Kind.BYTES),
          "headers",
          EnumSet.of(Kind.DICT),
          "tombstone",
          EnumSet.of(Kind.BOOL),
          HEADER,
          EnumSet.of(Kind.STR, Kind.BYTES));

  /** What a source fills fields from. */
  static final List<String> READ =
      List.of(
          "topic",
          "partition",
          "offset",
          "timestamp",
          "key",
          "headers",
          HEADER + "NAME",
          "tombstone");

  /** What a sink takes from fields. */
  static final List<String> WRITTEN =
      List.of("topic", "partition", "timestamp", "key", "headers", HEADER + "NAME", "tombstone");

  /**
   * @param metadata field to source
   * @param known {@link #READ} or {@link #WRITTEN}
   * @throws IllegalArgumentException if a name or a type does not fit
   */
  static List<Around> of(Shape shape, Map<String, String> metadata, List<String> known) {
    List<Around> all = new ArrayList<>();
    metadata.forEach((field, source) -> all.add(of(shape, field, source, known)));
    return all;
  }

  private static Around of(Shape shape, String field, String source, List<String> known) {
    int position = Fields.position(shape, field, "metadata");
    Shape found = shape.fields().get(position).shape();
    Set<Kind> allowed = KINDS.get(source.startsWith(HEADER) ? HEADER : source);
    boolean isKnown =
        source.startsWith(HEADER) ? source.length() > HEADER.length() : known.contains(source);
    if (allowed == null || !isKnown) {
      throw new IllegalArgumentException(
          "'%s' is no metadata of a Kafka record; choose from %s"
              .formatted(source, String.join(", ", known)));
    }
    Kind inner = found.inner() == null ? null : found.inner().kind();
    boolean innerRequired = found.inner() != null && !found.inner().nullable();
    boolean fits =
        allowed.contains(found.kind())
            && (found.kind() != Kind.DICT || inner == Kind.STR || inner == Kind.BYTES);
    if (!fits) {
      throw new IllegalArgumentException(
          "the %s of a Kafka record does not fit into the field '%s'".formatted(source, field));
    }
    return new Around(
        position, field, source, found.kind(), inner, innerRequired, !found.nullable());
  }

  boolean isHeader() {
    return source.startsWith(HEADER);
  }

  String headerName() {
    return source.substring(HEADER.length());
  }
}
