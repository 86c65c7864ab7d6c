// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.raw;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Classes;
import org.flinksec.formats.values.Numbers;
import org.flinksec.formats.values.ScalarText;
import org.flinksec.formats.values.Utf8;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/**
 * The bytes of one value, as Kafka's serializers and Flink's format {@code raw} have them: text in
 * UTF-8, bytes as they are, numbers in two's complement or IEEE 754, a boolean in one byte.
 *
 * @param littleEndian the order of a number's bytes
 * @param intBytes how many a whole number has: 1, 2, 4 or 8
 * @param floatBytes how many a floating one has: 4 or 8
 */
public record RawForm(boolean littleEndian, int intBytes, int floatBytes) implements Serializable {

  /**
   * The field that is the record.
   *
   * @throws IllegalArgumentException if it is not one, or has no such form
   */
  static Shape.Field only(Shape shape, Set<String> excluded) {
    List<Shape.Field> fields =
        shape.fields().stream().filter(field -> !excluded.contains(field.name())).toList();
    if (fields.size() != 1) {
      throw new FormatException(
          "a raw record is one field, but these are %d: %s"
              .formatted(
                  fields.size(),
                  String.join(", ", fields.stream().map(Shape.Field::name).toList())));
    }
    Shape.Field field = fields.get(0);
    if (!Set.of(Kind.STR, Kind.BYTES, Kind.INT, Kind.INT32, Kind.FLOAT, Kind.BOOL, Kind.UUID)
        .contains(field.shape().kind())) {
      throw new FormatException(
          "field '%s' has no raw form: a str, bytes, int, float, bool or UUID has"
              .formatted(field.name()));
    }
    return field;
  }

  /**
   * @param text the form of what is neither a number nor bytes
   */
  Object read(byte[] value, Kind kind, ScalarText text) throws BadValueException {
    return switch (kind) {
      case BYTES -> value;
      case INT -> whole(value);
      case INT32 -> Numbers.to32(whole(value));
      case FLOAT -> floating(value);
      case BOOL -> bool(value);
      default -> text.read(Utf8.text(value));
    };
  }

  byte[] write(Object given, Shape.Field field) throws BadValueException {
    Object value = Classes.cast(Classes.of(field.shape()), given, field.name());
    return switch (field.shape().kind()) {
      case BYTES -> (byte[]) value;
      case INT, INT32 -> bytes(((Number) value).longValue());
      case FLOAT -> bytes((Double) value);
      case BOOL -> new byte[] {(byte) ((Boolean) value ? 1 : 0)};
      default -> Utf8.bytes((String) value);
    };
  }

  private ByteBuffer ordered(ByteBuffer buffer) {
    return buffer.order(littleEndian ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
  }

  private ByteBuffer ofLength(byte[] value, int length) throws BadValueException {
    if (value.length != length) {
      throw new BadValueException("has another length than its %d bytes".formatted(length));
    }
    return ordered(ByteBuffer.wrap(value));
  }

  private long whole(byte[] value) throws BadValueException {
    ByteBuffer buffer = ofLength(value, intBytes);
    return switch (intBytes) {
      case 1 -> buffer.get();
      case 2 -> buffer.getShort();
      case 4 -> buffer.getInt();
      default -> buffer.getLong();
    };
  }

  private byte[] bytes(long value) throws BadValueException {
    ByteBuffer buffer = ordered(ByteBuffer.allocate(intBytes));
    switch (intBytes) {
      case 1 -> buffer.put((byte) value);
      case 2 -> buffer.putShort((short) value);
      case 4 -> buffer.putInt((int) value);
      default -> buffer.putLong(value);
    }
    if (whole(buffer.array()) != value) {
      throw new BadValueException(
          "is a whole number outside the %d-bit range".formatted(8 * intBytes));
    }
    return buffer.array();
  }

  private double floating(byte[] value) throws BadValueException {
    ByteBuffer buffer = ofLength(value, floatBytes);
    return floatBytes == Float.BYTES ? buffer.getFloat() : buffer.getDouble();
  }

  private byte[] bytes(double value) throws BadValueException {
    ByteBuffer buffer = ordered(ByteBuffer.allocate(floatBytes));
    return (floatBytes == Float.BYTES
            ? buffer.putFloat(Numbers.single(value))
            : buffer.putDouble(value))
        .array();
  }

  private boolean bool(byte[] value) throws BadValueException {
    byte only = ofLength(value, 1).get();
    if (only != 0 && only != 1) {
      throw new BadValueException("is neither 0 nor 1");
    }
    return only == 1;
  }
}
