// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.debezium;

import java.io.Serializable;
import java.util.Map;
import java.util.Set;
import org.apache.flink.types.Row;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/**
 * One field of a row that is filled from the envelope around the row of the database.
 *
 * @param position of the field
 * @param field what it is
 * @param source {@code op}, {@code kind}, {@code ts_ms}, or {@code source.} with a field of that
 */
record Metadata(int position, Shape.Field field, String source) implements Serializable {
  private static final String OF_SOURCE = "source.";
  private static final Map<String, Set<Kind>> KINDS =
      Map.of(
          "op", Set.of(Kind.STR, Kind.ENUM),
          "kind", Set.of(Kind.STR, Kind.ENUM),
          "ts_ms", Set.of(Kind.INT, Kind.DATETIME));
  private static final Set<Kind> SCALARS =
      Set.of(Kind.STR, Kind.INT, Kind.FLOAT, Kind.BOOL, Kind.DATETIME, Kind.ENUM);
  private static final ConnectReader READER = new ConnectReader(new Conventions(1_000, false));

  Metadata {
    boolean inSource = source.startsWith(OF_SOURCE) && source.length() > OF_SOURCE.length();
    Set<Kind> kinds = inSource ? SCALARS : KINDS.get(source);
    if (kinds == null) {
      throw new FormatException(
          "'debezium.%s' is nothing of an envelope; choose from debezium.op, debezium.kind, debezium.ts_ms, and debezium.source. with a field of it"
              .formatted(source));
    }
    if (!kinds.contains(field.shape().kind())) {
      throw new FormatException(
          "debezium.%s does not fit into the field '%s'".formatted(source, field.name()));
    }
  }

  void fill(Row row, Envelope.Opened envelope) throws BadValueException {
    try {
      row.setField(position, value(row, envelope));
    } catch (BadValueException e) {
      throw e.in(field.name());
    }
  }

  private Object value(Row row, Envelope.Opened envelope) throws BadValueException {
    if (source.equals("kind")) {
      return row.getKind().shortString();
    }
    if (!source.startsWith(OF_SOURCE)) {
      return READER.value(envelope.part(source), field.shape(), null);
    }
    var within = envelope.part("source");
    return READER.value(
        within == null ? null : within.get(source.substring(OF_SOURCE.length())),
        field.shape(),
        null);
  }
}
