// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Locale;
import java.util.UUID;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Type;
import org.flinksec.rows.Scalars;
import org.flinksec.rows.Shape;

/**
 * Reads values that hold no others.
 *
 * <p>Numbers are promoted as Avro's specification says, except that a whole number which a float
 * cannot hold is an error. An int takes the number as it is stored, whatever its logical type. What
 * a datetime, a date, a Decimal or a UUID is read from must have the logical type.
 */
final class ScalarReaders {
  /** The most digits, before or after the point, of a Decimal. */
  static final int MOST_DIGITS = 1000;

  private static final long FIRST_DAY = LocalDate.of(1, 1, 1).toEpochDay();
  private static final long LAST_DAY = LocalDate.of(9999, 12, 31).toEpochDay();
  private static final long SECONDS_A_DAY = 86_400;
  private static final String YEARS = "is outside the years 1 to 9999";

  private ScalarReaders() {}

  /**
   * @throws SchemaMismatchException if the one cannot be read from the other
   */
  static ValueReader of(Shape shape, Schema writer) {
    Type type = writer.getType();
    ValueReader reader =
        switch (shape.kind()) {
          case STR -> text(writer);
          case INT -> isInt(type) || type == Type.LONG ? BoundedDecoder::readLong : null;
          case INT32 -> isInt(type) ? BoundedDecoder::readInt : null;
          case FLOAT -> floating(type);
          case BOOL -> type == Type.BOOLEAN ? BoundedDecoder::readBoolean : null;
          case BYTES -> bytes(writer);
          case DATETIME -> instant(writer);
          case DATE -> date(writer);
          case DECIMAL -> decimal(shape, writer);
          case UUID -> uuid(writer);
          default -> null;
        };
    if (reader == null) {
      throw mismatch(shape, writer);
    }
    return reader;
  }

  static SchemaMismatchException mismatch(Shape shape, Schema schema) {
    return new SchemaMismatchException(
        "is %s in the schema, and %s in the record"
            .formatted(ValueReaders.name(schema), ValueReaders.name(shape)));
  }

  private static boolean isInt(Type type) {
    return type == Type.INT;
  }

  private static ValueReader text(Schema writer) {
    return switch (writer.getType()) {
      case STRING, BYTES -> BoundedDecoder::readString;
      case ENUM -> ValueReaders.symbol(writer.getEnumSymbols());
      default -> null;
    };
  }

  private static ValueReader bytes(Schema writer) {
    return switch (writer.getType()) {
      case STRING, BYTES -> BoundedDecoder::readBytes;
      case FIXED -> fixed(writer);
      default -> null;
    };
  }

  private static ValueReader fixed(Schema writer) {
    int size = writer.getFixedSize();
    return in -> in.readFixed(size);
  }

  private static ValueReader floating(Type type) {
    return switch (type) {
      case INT -> in -> (double) in.readInt();
      case LONG -> in -> exact(in.readLong());
      case FLOAT -> in -> (double) in.readFloat();
      case DOUBLE -> BoundedDecoder::readDouble;
      default -> null;
    };
  }

  private static double exact(long number) {
    double floating = number;
    if ((long) floating != number || floating == 0x1p63) {
      throw new ValueException("is a whole number that a float cannot hold");
    }
    return floating;
  }

  private static ValueReader instant(Schema writer) {
    LogicalType logical = writer.getType() == Type.LONG ? writer.getLogicalType() : null;
    if (logical instanceof LogicalTypes.TimestampMillis) {
      return in -> instant(in.readLong(), 1_000);
    }
    if (logical instanceof LogicalTypes.TimestampMicros) {
      return in -> instant(in.readLong(), 1_000_000);
    }
    if (logical instanceof LogicalTypes.TimestampNanos) {
      return in -> {
        long nanos = in.readLong();
        if (nanos % 1_000 != 0) {
          throw new ValueException("is a time of nanoseconds, which a datetime cannot hold");
        }
        return instant(nanos, 1_000_000_000);
      };
    }
    return null;
  }

  private static Instant instant(long number, int aSecond) {
    long seconds = Math.floorDiv(number, (long) aSecond);
    if (seconds < FIRST_DAY * SECONDS_A_DAY || seconds >= (LAST_DAY + 1) * SECONDS_A_DAY) {
      throw new ValueException(YEARS);
    }
    return Instant.ofEpochSecond(
        seconds, Math.floorMod(number, (long) aSecond) * (1_000_000_000L / aSecond));
  }

  private static ValueReader date(Schema writer) {
    if (!(writer.getLogicalType() instanceof LogicalTypes.Date)) {
      return null;
    }
    return in -> {
      int day = in.readInt();
      if (day < FIRST_DAY || day > LAST_DAY) {
        throw new ValueException(YEARS);
      }
      return LocalDate.ofEpochDay(day);
    };
  }

  private static ValueReader decimal(Shape shape, Schema writer) {
    if (!(writer.getLogicalType() instanceof LogicalTypes.Decimal decimal)) {
      return null;
    }
    if (decimal.getPrecision() > MOST_DIGITS || decimal.getScale() > MOST_DIGITS) {
      throw new SchemaMismatchException(
          "is a decimal of more than %d digits in the schema".formatted(MOST_DIGITS));
    }
    // Half a byte a digit is more than enough, and cheaper than to count the digits of megabytes.
    int mostBytes = Math.max(64, decimal.getPrecision() / 2 + 2);
    ValueReader bytes = writer.getType() == Type.FIXED ? fixed(writer) : BoundedDecoder::readBytes;
    return in -> {
      byte[] unscaled = (byte[]) bytes.read(in);
      if (unscaled.length == 0) {
        throw new ValueException("is a decimal of no bytes");
      }
      if (writer.getType() == Type.BYTES && unscaled.length > mostBytes) {
        throw new ValueException("is a decimal of more digits than its schema says");
      }
      BigDecimal value = new BigDecimal(new BigInteger(unscaled), decimal.getScale());
      if (value.precision() > decimal.getPrecision()) {
        throw new ValueException("is a decimal of more digits than its schema says");
      }
      return fitted(shape, value);
    };
  }

  private static BigDecimal fitted(Shape shape, BigDecimal value) {
    try {
      return Scalars.decimal(value, shape);
    } catch (Scalars.ScalarException e) {
      throw new ValueException(e.getMessage());
    }
  }

  private static ValueReader uuid(Schema writer) {
    if (writer.getType() == Type.STRING) {
      return in -> uuid(in.readString());
    }
    boolean binary =
        writer.getType() == Type.FIXED
            && writer.getFixedSize() == 16
            && "uuid".equals(writer.getProp("logicalType"));
    return binary
        ? in -> {
          ByteBuffer both = ByteBuffer.wrap(in.readFixed(16));
          return new UUID(both.getLong(), both.getLong()).toString();
        }
        : null;
  }

  private static String uuid(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    try {
      // Java would also take 1-1-1-1-1.
      if (UUID.fromString(lower).toString().equals(lower)) {
        return lower;
      }
    } catch (IllegalArgumentException e) {
      // falls through to the same complaint
    }
    throw new ValueException("is no UUID");
  }
}
