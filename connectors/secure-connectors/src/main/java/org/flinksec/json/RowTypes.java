// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.RowTypeInfo;

/** What the connectors ask of a row type and of single fields. */
public final class RowTypes {
  private RowTypes() {}

  /**
   * The type as a row type.
   *
   * @throws IllegalArgumentException if the elements of the stream are no rows
   */
  public static RowTypeInfo require(TypeInformation<?> type) {
    if (type instanceof RowTypeInfo row) {
      return row;
    }
    throw new IllegalArgumentException(
        "the stream's type is %s, not a row with named fields".formatted(type));
  }

  /**
   * The position of a field.
   *
   * @param purpose what the field is for, for the message, such as {@code id_field}
   * @throws IllegalArgumentException if there is no such field; the message lists those there are
   */
  public static int position(RowTypeInfo type, String field, String purpose) {
    int position = type.getFieldIndex(field);
    if (position < 0) {
      throw new IllegalArgumentException(
          "%s names '%s', which is not a field of the row; it has: %s"
              .formatted(purpose, field, String.join(", ", type.getFieldNames())));
    }
    return position;
  }

  /** The text form of a scalar, as a key or an identifier: bytes are taken for UTF-8. */
  public static String text(Object value) {
    return value instanceof byte[] bytes
        ? new String(bytes, StandardCharsets.UTF_8)
        : value.toString();
  }
}
