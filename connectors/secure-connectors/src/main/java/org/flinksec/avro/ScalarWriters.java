// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.UUID;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Type;
import org.apache.avro.io.Encoder;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/**
 * Writes values that hold no others. Nothing is rounded or cut, except a float into a {@code float}
 * of Avro: what the schema cannot hold is an error of that record.
 */
final class ScalarWriters {
  private static final int MOST_BEFORE_THE_POINT = 100_000;

  private ScalarWriters() {}

  /**
   * @throws SchemaMismatchException if the schema has no place for it
   */
  static ValueWriter of(Shape shape, Schema schema) {
    Type type = schema.getType();
    ValueWriter writer =
        switch (shape.kind()) {
          case STR -> string(schema);
          case INT, INT32 -> whole(type);
          case FLOAT -> floating(type);
          case BOOL ->
              type == Type.BOOLEAN
                  ? (out, value) -> out.writeBoolean(cast(Boolean.class, value))
                  : null;
          case BYTES -> bytes(schema);
          case DATETIME -> instant(schema);
          case DATE -> date(schema);
          case DECIMAL -> decimal(schema);
          case UUID -> uuid(schema);
          case ENUM -> shape.symbols().get(0) instanceof Long ? whole(type) : string(schema);
          default -> null;
        };
    if (writer == null) {
      throw ScalarReaders.mismatch(shape, schema);
    }
    if (shape.kind() == Kind.ENUM && type == Type.ENUM) {
      requireSymbols(shape, schema);
    }
    return writer;
  }

  private static void requireSymbols(Shape shape, Schema schema) {
    for (Object symbol : shape.symbols()) {
      if (!schema.hasEnumSymbol(symbol.toString())) {
        throw new SchemaMismatchException(
            "may be '%s', which is no symbol of the schema's enum %s"
                .formatted(symbol, schema.getName()));
      }
    }
  }

  /**
   * @throws IllegalArgumentException if a row is not of its type, which is the job's fault
   */
  static <T> T cast(Class<T> declared, Object value) {
    if (!declared.isInstance(value)) {
      throw new IllegalArgumentException(
          "a row holds a %s where its type says %s"
              .formatted(
                  value == null ? "null" : value.getClass().getSimpleName(),
                  declared.getSimpleName()));
    }
    return declared.cast(value);
  }

  /** Writes text as UTF-8. */
  static void text(Encoder out, Object value) throws IOException {
    String text = cast(String.class, value);
    if (hasHalf(text)) {
      throw new ValueException("holds half of a surrogate pair, which is not text");
    }
    out.writeBytes(text.getBytes(StandardCharsets.UTF_8)); // a string is written as bytes are
  }

  private static boolean hasHalf(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (i + 1 == text.length()
            || !Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
          return true;
        }
        i++;
      }
    }
    return false;
  }

  private static ValueWriter string(Schema schema) {
    return switch (schema.getType()) {
      case STRING -> ScalarWriters::text;
      case ENUM ->
          (out, value) -> {
            String symbol = cast(String.class, value);
            if (!schema.hasEnumSymbol(symbol)) {
              throw new ValueException("is no symbol of the schema's enum " + schema.getName());
            }
            out.writeEnum(schema.getEnumOrdinal(symbol));
          };
      default -> null;
    };
  }

  private static ValueWriter whole(Type type) {
    return switch (type) {
      case LONG -> (out, value) -> out.writeLong(cast(Number.class, value).longValue());
      case INT ->
          (out, value) -> {
            long number = cast(Number.class, value).longValue();
            if (number != (int) number) {
              throw new ValueException("is too large for an int of Avro");
            }
            out.writeInt((int) number);
          };
      default -> null;
    };
  }

  private static ValueWriter floating(Type type) {
    return switch (type) {
      case DOUBLE -> (out, value) -> out.writeDouble(cast(Double.class, value));
      case FLOAT ->
          (out, value) -> {
            double number = cast(Double.class, value);
            if (Float.isInfinite((float) number) && !Double.isInfinite(number)) {
              throw new ValueException("is too large for a float of Avro");
            }
            out.writeFloat((float) number);
          };
      default -> null;
    };
  }

  private static ValueWriter bytes(Schema schema) {
    return switch (schema.getType()) {
      case BYTES -> (out, value) -> out.writeBytes(cast(byte[].class, value));
      case FIXED -> (out, value) -> fixed(schema, out, cast(byte[].class, value));
      default -> null;
    };
  }

  private static void fixed(Schema schema, Encoder out, byte[] bytes) throws IOException {
    if (bytes.length != schema.getFixedSize()) {
      throw new ValueException("is not of %d bytes".formatted(schema.getFixedSize()));
    }
    out.writeFixed(bytes);
  }

  private static ValueWriter instant(Schema schema) {
    LogicalType logical = schema.getType() == Type.LONG ? schema.getLogicalType() : null;
    if (logical instanceof LogicalTypes.TimestampMillis) {
      return (out, value) -> out.writeLong(time(value, 1_000));
    }
    if (logical instanceof LogicalTypes.TimestampMicros) {
      return (out, value) -> out.writeLong(time(value, 1_000_000));
    }
    if (logical instanceof LogicalTypes.TimestampNanos) {
      return (out, value) -> out.writeLong(time(value, 1_000_000_000));
    }
    return null;
  }

  private static long time(Object value, long aSecond) {
    Instant instant = cast(Instant.class, value);
    long unit = 1_000_000_000L / aSecond;
    if (instant.getNano() % unit != 0) {
      throw new ValueException("is a time of fractions that the schema's logical type cannot hold");
    }
    try {
      return Math.addExact(
          Math.multiplyExact(instant.getEpochSecond(), aSecond), instant.getNano() / unit);
    } catch (ArithmeticException e) {
      throw new ValueException("is a time that the schema's logical type cannot hold");
    }
  }

  private static ValueWriter date(Schema schema) {
    return schema.getLogicalType() instanceof LogicalTypes.Date
        ? (out, value) -> out.writeInt(Math.toIntExact(cast(LocalDate.class, value).toEpochDay()))
        : null;
  }

  private static ValueWriter decimal(Schema schema) {
    if (!(schema.getLogicalType() instanceof LogicalTypes.Decimal decimal)) {
      return null;
    }
    boolean fixed = schema.getType() == Type.FIXED;
    return (out, value) -> {
      byte[] bytes = unscaled(decimal, cast(BigDecimal.class, value));
      if (fixed) {
        out.writeFixed(widened(bytes, schema.getFixedSize()));
      } else {
        out.writeBytes(bytes);
      }
    };
  }

  private static byte[] unscaled(LogicalTypes.Decimal decimal, BigDecimal value) {
    try {
      // A number such as 1E+999999999 is not written out to find that it does not fit.
      if (value.precision() - (long) value.scale() <= MOST_BEFORE_THE_POINT) {
        BigDecimal scaled = value.setScale(decimal.getScale(), RoundingMode.UNNECESSARY);
        if (scaled.precision() <= decimal.getPrecision()) {
          return scaled.unscaledValue().toByteArray();
        }
      }
    } catch (ArithmeticException e) {
      // falls through to the same complaint
    }
    throw new ValueException(
        "has more digits than decimal(%d, %d) of the schema"
            .formatted(decimal.getPrecision(), decimal.getScale()));
  }

  private static byte[] widened(byte[] bytes, int size) {
    if (bytes.length > size) {
      throw new ValueException("does not fit into the %d bytes of the schema".formatted(size));
    }
    byte[] wide = new byte[size];
    Arrays.fill(wide, 0, size - bytes.length, (byte) (bytes[0] < 0 ? -1 : 0));
    System.arraycopy(bytes, 0, wide, size - bytes.length, bytes.length);
    return wide;
  }

  private static ValueWriter uuid(Schema schema) {
    if (schema.getType() == Type.STRING) {
      return ScalarWriters::text;
    }
    boolean binary =
        schema.getType() == Type.FIXED
            && schema.getFixedSize() == 16
            && "uuid".equals(schema.getProp("logicalType"));
    return binary
        ? (out, value) -> {
          UUID uuid = UUID.fromString(cast(String.class, value));
          out.writeFixed(
              ByteBuffer.allocate(16)
                  .putLong(uuid.getMostSignificantBits())
                  .putLong(uuid.getLeastSignificantBits())
                  .array());
        }
        : null;
  }
}
