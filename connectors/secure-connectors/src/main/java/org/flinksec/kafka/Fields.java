// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.List;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;

/** What sources and sinks ask of the fields that a job names. */
final class Fields {
  private Fields() {}

  /**
   * The position of a field.
   *
   * @param purpose what it is for, for the message, such as {@code metadata}
   * @throws IllegalArgumentException if there is no such field; the message lists those there are
   */
  static int position(Shape shape, String field, String purpose) {
    int position = shape.position(field);
    if (position < 0) {
      throw new IllegalArgumentException(
          "%s names '%s', which is not a field of the row; it has: %s"
              .formatted(purpose, field, String.join(", ", shape.names())));
    }
    return position;
  }

  static int[] positions(Shape shape, List<String> fields, String purpose) {
    return fields.stream().mapToInt(field -> position(shape, field, purpose)).toArray();
  }

  /** The fields at these positions, as a row of the same kind. */
  static Row only(Row row, int[] positions) {
    Row part = new Row(row.getKind(), positions.length);
    for (int i = 0; i < positions.length; i++) {
      part.setField(i, row.getField(positions[i]));
    }
    return part;
  }
}
