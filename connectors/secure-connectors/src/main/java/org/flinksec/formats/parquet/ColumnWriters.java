// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.types.Row;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Decimals;
import org.flinksec.formats.values.Utf8;
import org.flinksec.rows.Shape;

/** How values of each kind are written; nothing is rounded or cut. */
final class ColumnWriters {
  private ColumnWriters() {}

  /** All fields of a row, of which nothing stands around. */
  static ColumnWriter fields(Shape shape) {
    List<Shape.Field> fields = shape.fields();
    ColumnWriter[] writers =
        fields.stream().map(field -> of(field.shape())).toArray(ColumnWriter[]::new);
    return (out, value) -> {
      Row row = cast(Row.class, value);
      for (int i = 0; i < writers.length; i++) {
        Object each = row.getField(i);
        Shape.Field field = fields.get(i);
        try {
          if (isWritten(field.shape(), each)) {
            out.startField(field.wire(), i);
            writers[i].write(out, each);
            out.endField(field.wire(), i);
          }
        } catch (BadValueException e) {
          throw e.in(field.name());
        }
      }
    };
  }

  /** Null is written by leaving it out. */
  private static boolean isWritten(Shape shape, Object value) throws BadValueException {
    if (value == null && !shape.nullable()) {
      throw new BadValueException("is null, which its column does not allow");
    }
    return value != null;
  }

  private static ColumnWriter of(Shape shape) {
    return switch (shape.kind()) {
      case STR, UUID -> ColumnWriters::text;
      case INT -> (out, value) -> out.addLong(cast(Number.class, value).longValue());
      case INT32 -> (out, value) -> out.addInteger(cast(Integer.class, value));
      case FLOAT -> (out, value) -> out.addDouble(cast(Double.class, value));
      case BOOL -> (out, value) -> out.addBoolean(cast(Boolean.class, value));
      case BYTES ->
          (out, value) -> out.addBinary(Binary.fromConstantByteArray(cast(byte[].class, value)));
      case DATETIME -> (out, value) -> out.addLong(micros(cast(Instant.class, value)));
      case DATE -> (out, value) -> out.addInteger((int) cast(LocalDate.class, value).toEpochDay());
      case DECIMAL -> decimal(shape);
      case ENUM ->
          shape.symbols().get(0) instanceof Long
              ? (out, value) -> out.addLong(cast(Long.class, value))
              : ColumnWriters::text;
      case ROW -> group(fields(shape));
      case LIST -> group(list(shape.inner()));
      case DICT -> group(dict(shape.inner()));
    };
  }

  private static <T> T cast(Class<T> declared, Object value) {
    if (!declared.isInstance(value)) {
      throw new IllegalArgumentException(
          "a row holds a %s where its type says %s"
              .formatted(
                  value == null ? "null" : value.getClass().getSimpleName(),
                  declared.getSimpleName()));
    }
    return declared.cast(value);
  }

  private static void text(RecordConsumer out, Object value) throws BadValueException {
    out.addBinary(Binary.fromConstantByteArray(Utf8.bytes(cast(String.class, value))));
  }

  private static long micros(Instant time) throws BadValueException {
    if (time.getNano() % 1_000 != 0) {
      throw new BadValueException("is a time in a finer unit than microseconds");
    }
    try {
      return Math.addExact(
          Math.multiplyExact(time.getEpochSecond(), 1_000_000L), time.getNano() / 1_000);
    } catch (ArithmeticException e) {
      throw new BadValueException("is a time that its column cannot hold");
    }
  }

  private static ColumnWriter decimal(Shape shape) {
    int precision = shape.precision();
    if (precision <= ParquetSchema.INT32_DIGITS) {
      return (out, value) -> out.addInteger(scaled(shape, value).unscaledValue().intValueExact());
    }
    if (precision <= ParquetSchema.INT64_DIGITS) {
      return (out, value) -> out.addLong(scaled(shape, value).unscaledValue().longValueExact());
    }
    int size = ParquetSchema.bytes(precision);
    return (out, value) -> {
      byte[] digits = scaled(shape, value).unscaledValue().toByteArray();
      byte[] wide = new byte[size];
      Arrays.fill(wide, 0, size - digits.length, (byte) (digits[0] < 0 ? -1 : 0));
      System.arraycopy(digits, 0, wide, size - digits.length, digits.length);
      out.addBinary(Binary.fromConstantByteArray(wide));
    };
  }

  private static BigDecimal scaled(Shape shape, Object value) throws BadValueException {
    return Decimals.scaled(cast(BigDecimal.class, value), shape.precision(), shape.scale());
  }

  private static ColumnWriter group(ColumnWriter inner) {
    return (out, value) -> {
      out.startGroup();
      inner.write(out, value);
      out.endGroup();
    };
  }

  private static ColumnWriter list(Shape item) {
    ColumnWriter writer = of(item);
    return (out, value) -> {
      List<?> values =
          value instanceof List<?> list ? list : Arrays.asList(cast(Object[].class, value));
      if (values.isEmpty()) {
        return;
      }
      out.startField("list", 0);
      for (Object each : values) {
        out.startGroup();
        inner(out, item, writer, "element", 0, each, "[]");
        out.endGroup();
      }
      out.endField("list", 0);
    };
  }

  private static ColumnWriter dict(Shape item) {
    ColumnWriter writer = of(item);
    return (out, value) -> {
      Map<?, ?> values = cast(Map.class, value);
      if (values.isEmpty()) {
        return;
      }
      out.startField("key_value", 0);
      for (Map.Entry<?, ?> entry : values.entrySet()) {
        out.startGroup();
        try {
          out.startField("key", 0);
          text(out, entry.getKey());
          out.endField("key", 0);
        } catch (BadValueException e) {
          throw e.in("{}");
        }
        inner(out, item, writer, "value", 1, entry.getValue(), "{}");
        out.endGroup();
      }
      out.endField("key_value", 0);
    };
  }

  private static void inner(
      RecordConsumer out,
      Shape shape,
      ColumnWriter writer,
      String name,
      int index,
      Object value,
      String step)
      throws BadValueException {
    try {
      if (isWritten(shape, value)) {
        out.startField(name, index);
        writer.write(out, value);
        out.endField(name, index);
      }
    } catch (BadValueException e) {
      throw e.in(step);
    }
  }
}
