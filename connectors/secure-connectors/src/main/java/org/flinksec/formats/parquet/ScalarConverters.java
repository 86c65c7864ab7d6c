// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.parquet.column.Dictionary;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.EnumLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.JsonLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.UUIDLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Numbers;
import org.flinksec.formats.values.Times;
import org.flinksec.formats.values.Utf8;
import org.flinksec.formats.values.Uuids;
import org.flinksec.rows.Shape;

/** How values of a column become values of a row; nothing is rounded, but times to microseconds. */
final class ScalarConverters {
  private static final int UUID_BYTES = 16;
  private static final long JULIAN_DAY_OF_1970 = 2_440_588;
  private static final long SECONDS_OF_A_DAY = 86_400;

  private ScalarConverters() {}

  /** Reads what stands in a column: an {@code Integer}, {@code Long}, {@code Binary} and so on. */
  @FunctionalInterface
  private interface Reading {
    Object read(Object stored) throws BadValueException;
  }

  /**
   * @throws FormatException if the column holds nothing of the kind
   */
  static PrimitiveConverter of(
      Shape shape,
      Type column,
      String path,
      GroupConverters.Problem problem,
      Consumer<Object> out) {
    if (!column.isPrimitive()) {
      throw GroupConverters.mismatch(shape, column, path);
    }
    Reading reading = reading(shape, column.asPrimitiveType());
    if (reading == null) {
      throw GroupConverters.mismatch(shape, column, path);
    }
    PrimitiveTypeName type = column.asPrimitiveType().getPrimitiveTypeName();
    return new Value(reading, type, path, problem, out);
  }

  private static Reading reading(Shape shape, PrimitiveType column) {
    return switch (shape.kind()) {
      case STR -> isText(column) ? ScalarConverters::text : null;
      case UUID -> uuid(column);
      case INT -> whole(column);
      case INT32 -> whole32(whole(column));
      case FLOAT -> floating(column);
      case BOOL -> is(column, PrimitiveTypeName.BOOLEAN) ? stored -> stored : null;
      case BYTES -> isBytes(column) ? stored -> ((Binary) stored).getBytes() : null;
      case DATETIME -> datetime(column);
      case DATE ->
          column.getLogicalTypeAnnotation() instanceof DateLogicalTypeAnnotation
              ? stored -> Times.date((Integer) stored)
              : null;
      case DECIMAL -> decimal(shape, column);
      case ENUM -> symbols(shape, column);
      default -> null;
    };
  }

  private static boolean is(PrimitiveType column, PrimitiveTypeName name) {
    return column.getPrimitiveTypeName() == name;
  }

  private static boolean isText(PrimitiveType column) {
    LogicalTypeAnnotation logical = column.getLogicalTypeAnnotation();
    return is(column, PrimitiveTypeName.BINARY)
        && (logical == null
            || logical instanceof StringLogicalTypeAnnotation
            || logical instanceof EnumLogicalTypeAnnotation
            || logical instanceof JsonLogicalTypeAnnotation);
  }

  private static boolean isBytes(PrimitiveType column) {
    return is(column, PrimitiveTypeName.BINARY)
        || is(column, PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY);
  }

  private static Object text(Object stored) throws BadValueException {
    return Utf8.text(((Binary) stored).toByteBuffer());
  }

  private static Reading uuid(PrimitiveType column) {
    if (isText(column)) {
      return stored -> Uuids.canonical((String) text(stored));
    }
    boolean isBinary =
        is(column, PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY)
            && column.getTypeLength() == UUID_BYTES
            && (column.getLogicalTypeAnnotation() == null
                || column.getLogicalTypeAnnotation() instanceof UUIDLogicalTypeAnnotation);
    return isBinary ? stored -> Uuids.of(((Binary) stored).getBytes()) : null;
  }

  private static Reading whole(PrimitiveType column) {
    LogicalTypeAnnotation logical = column.getLogicalTypeAnnotation();
    boolean isWhole = logical == null || logical instanceof IntLogicalTypeAnnotation;
    boolean signed = !(logical instanceof IntLogicalTypeAnnotation number) || number.isSigned();
    if (isWhole && is(column, PrimitiveTypeName.INT32)) {
      return signed
          ? stored -> ((Integer) stored).longValue()
          : stored -> Integer.toUnsignedLong((Integer) stored);
    }
    if (!isWhole || !is(column, PrimitiveTypeName.INT64)) {
      return null;
    }
    return stored -> {
      if (!signed && (Long) stored < 0) {
        throw new BadValueException("is more than a whole number of 64 bits with a sign");
      }
      return stored;
    };
  }

  private static Reading whole32(Reading whole) {
    if (whole == null) {
      return null;
    }
    return stored -> {
      long value = (Long) whole.read(stored);
      if (value != (int) value) {
        throw new BadValueException("is a whole number outside the 32-bit range");
      }
      return (int) value;
    };
  }

  private static Reading floating(PrimitiveType column) {
    if (is(column, PrimitiveTypeName.DOUBLE)) {
      return stored -> stored;
    }
    return is(column, PrimitiveTypeName.FLOAT) ? stored -> ((Float) stored).doubleValue() : null;
  }

  private static Reading datetime(PrimitiveType column) {
    if (is(column, PrimitiveTypeName.INT96)) {
      return ScalarConverters::int96;
    }
    if (!(column.getLogicalTypeAnnotation() instanceof TimestampLogicalTypeAnnotation timestamp)
        || !timestamp.isAdjustedToUTC()) { // a time of the wall is no instant
      return null;
    }
    int perSecond = perSecond(timestamp.getUnit());
    return stored -> Times.ofUnits((Long) stored, perSecond);
  }

  private static int perSecond(TimeUnit unit) {
    return switch (unit) {
      case MILLIS -> 1_000;
      case MICROS -> 1_000_000;
      case NANOS -> 1_000_000_000;
    };
  }

  /** What Impala and old versions of Spark write: nanoseconds of a day, and the Julian day. */
  private static Instant int96(Object stored) throws BadValueException {
    ByteBuffer bytes = ((Binary) stored).toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    long nanos = bytes.getLong(bytes.position());
    long day = bytes.getInt(bytes.position() + Long.BYTES) & 0xFFFFFFFFL;
    return Times.ofSeconds((day - JULIAN_DAY_OF_1970) * SECONDS_OF_A_DAY, nanos);
  }

  private static Reading decimal(Shape shape, PrimitiveType column) {
    if (!(column.getLogicalTypeAnnotation() instanceof DecimalLogicalTypeAnnotation written)) {
      return null;
    }
    int scale = written.getScale();
    return stored -> {
      BigInteger digits =
          stored instanceof Binary binary
              ? new BigInteger(binary.getBytes())
              : BigInteger.valueOf(((Number) stored).longValue());
      return Numbers.read(new BigDecimal(digits, scale), shape);
    };
  }

  private static Reading symbols(Shape shape, PrimitiveType column) {
    Set<Object> known = new HashSet<>(shape.symbols());
    Reading reading =
        shape.symbols().get(0) instanceof Long
            ? whole(column)
            : isText(column) ? ScalarConverters::text : null;
    if (reading == null) {
      return null;
    }
    return stored -> {
      Object value = reading.read(stored);
      if (!known.contains(value)) {
        throw new BadValueException("is none of the values that it may have");
      }
      return value;
    };
  }

  private static final class Value extends PrimitiveConverter {
    private final Reading reading;
    private final PrimitiveTypeName type;
    private final String path;
    private final GroupConverters.Problem problem;
    private final Consumer<Object> out;
    private Dictionary dictionary;
    private Object[] read;

    Value(
        Reading reading,
        PrimitiveTypeName type,
        String path,
        GroupConverters.Problem problem,
        Consumer<Object> out) {
      this.reading = reading;
      this.type = type;
      this.path = path;
      this.problem = problem;
      this.out = out;
    }

    private void add(Object stored) {
      out.accept(read(stored));
    }

    private Object read(Object stored) {
      try {
        return reading.read(stored);
      } catch (BadValueException e) {
        problem.found(path, e);
        return null;
      }
    }

    @Override
    public boolean hasDictionarySupport() {
      return true;
    }

    @Override
    public void setDictionary(Dictionary of) {
      dictionary = of;
      read = new Object[of.getMaxId() + 1];
    }

    @Override
    public void addValueFromDictionary(int id) {
      Object value = read[id];
      if (value == null) {
        value = read(stored(id));
        read[id] = value;
      }
      out.accept(value instanceof byte[] bytes ? bytes.clone() : value);
    }

    private Object stored(int id) {
      return switch (type) {
        case INT64 -> dictionary.decodeToLong(id);
        case INT32 -> dictionary.decodeToInt(id);
        case DOUBLE -> dictionary.decodeToDouble(id);
        case FLOAT -> dictionary.decodeToFloat(id);
        case BOOLEAN -> dictionary.decodeToBoolean(id);
        default -> dictionary.decodeToBinary(id);
      };
    }

    @Override
    public void addBinary(Binary value) {
      add(value);
    }

    @Override
    public void addBoolean(boolean value) {
      add(value);
    }

    @Override
    public void addDouble(double value) {
      add(value);
    }

    @Override
    public void addFloat(float value) {
      add(value);
    }

    @Override
    public void addInt(int value) {
      add(value);
    }

    @Override
    public void addLong(long value) {
      add(value);
    }
  }
}
