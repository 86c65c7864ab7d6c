// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.util.Set;
import org.apache.flink.api.common.typeinfo.BasicArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.api.java.typeutils.MapTypeInfo;
import org.apache.flink.api.java.typeutils.ObjectArrayTypeInfo;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.flinksec.rows.Scalars;

/** What the connectors ask of a row type and of single fields. */
public final class RowTypes {
  private static final Set<TypeInformation<?>> ONE_TEXT_FORM =
      Set.of(
          Types.STRING,
          Types.LONG,
          Types.INT,
          Types.BOOLEAN,
          Types.INSTANT,
          Types.LOCAL_DATE,
          Types.BIG_DEC);

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
      throw new FieldException(
          "%s names '%s', which is not a field of the row; it has: %s"
              .formatted(purpose, field, String.join(", ", type.getFieldNames())));
    }
    return position;
  }

  /**
   * The position of a field that identifies a record: text, a UUID, an Enum, a whole number, a
   * boolean, a time, a date or a Decimal, which have one text form each. A float has several, a
   * list or a row none.
   *
   * @param purpose what the field is for, for the message, such as {@code id_field}
   * @param bytes whether bytes will do, as they are
   * @throws IllegalArgumentException if there is no such field, or its type has no text form
   */
  public static int identifier(RowTypeInfo type, String field, String purpose, boolean bytes) {
    int position = position(type, field, purpose);
    TypeInformation<?> found = type.getTypeAt(position);
    if (ONE_TEXT_FORM.contains(found)
        || bytes && found.equals(PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO)) {
      return position;
    }
    throw new FieldException(
        "%s names '%s', which is %s, and that has no one text form; choose a field that is a str, an int%s, a bool, a datetime, a date, a Decimal, a UUID or an Enum"
            .formatted(purpose, field, inPython(found), bytes ? ", bytes" : ""));
  }

  private static String inPython(TypeInformation<?> type) {
    if (type instanceof RowTypeInfo) {
      return "a record";
    }
    if (type instanceof MapTypeInfo) {
      return "a dict";
    }
    if (type.equals(PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO)) {
      return "bytes";
    }
    if (type instanceof BasicArrayTypeInfo
        || type instanceof ObjectArrayTypeInfo
        || type instanceof ListTypeInfo) {
      return "a list";
    }
    return type.equals(Types.DOUBLE) ? "a float" : "of the type " + type;
  }

  /** The text form of a field that {@link #identifier} allows. */
  public static String text(Object value) {
    return Scalars.text(value);
  }
}
