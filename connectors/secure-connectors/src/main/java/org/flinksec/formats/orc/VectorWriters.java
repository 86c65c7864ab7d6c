// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.orc;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.types.Row;
import org.apache.orc.storage.common.type.HiveDecimal;
import org.apache.orc.storage.ql.exec.vector.BytesColumnVector;
import org.apache.orc.storage.ql.exec.vector.ColumnVector;
import org.apache.orc.storage.ql.exec.vector.DecimalColumnVector;
import org.apache.orc.storage.ql.exec.vector.DoubleColumnVector;
import org.apache.orc.storage.ql.exec.vector.ListColumnVector;
import org.apache.orc.storage.ql.exec.vector.LongColumnVector;
import org.apache.orc.storage.ql.exec.vector.MapColumnVector;
import org.apache.orc.storage.ql.exec.vector.StructColumnVector;
import org.apache.orc.storage.ql.exec.vector.TimestampColumnVector;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Decimals;
import org.flinksec.formats.values.Utf8;
import org.flinksec.rows.Shape;

/** How values of each kind are put into columns; nothing is rounded or cut. */
final class VectorWriters {
  private VectorWriters() {}

  /** The fields of a row, each in a column. */
  interface Fields {
    /**
     * @throws BadValueException if a column has no place for what a field holds
     */
    void write(ColumnVector[] columns, int row, Row value) throws BadValueException;
  }

  static Fields fields(Shape shape) {
    List<Shape.Field> fields = shape.fields();
    VectorWriter[] writers =
        fields.stream().map(field -> of(field.shape())).toArray(VectorWriter[]::new);
    return (columns, row, value) -> {
      for (int i = 0; i < writers.length; i++) {
        Shape.Field field = fields.get(i);
        put(columns[i], row, field.shape(), writers[i], value.getField(i), field.name());
      }
    };
  }

  private static void put(
      ColumnVector column, int row, Shape shape, VectorWriter writer, Object value, String step)
      throws BadValueException {
    try {
      if (value != null) {
        column.isNull[row] = false; // of a row before it in a column that is used again
        writer.write(column, row, value);
      } else if (shape.nullable()) {
        column.noNulls = false;
        column.isNull[row] = true;
      } else {
        throw new BadValueException("is null, which its column does not allow");
      }
    } catch (BadValueException e) {
      throw e.in(step);
    }
  }

  private static VectorWriter of(Shape shape) {
    return switch (shape.kind()) {
      case STR, UUID -> VectorWriters::text;
      case INT, INT32 -> (to, row, value) -> longs(to)[row] = cast(Number.class, value).longValue();
      case FLOAT ->
          (to, row, value) -> ((DoubleColumnVector) to).vector[row] = cast(Double.class, value);
      case BOOL -> (to, row, value) -> longs(to)[row] = cast(Boolean.class, value) ? 1 : 0;
      case BYTES -> (to, row, value) -> bytes(to, row, cast(byte[].class, value));
      case DATETIME -> VectorWriters::time;
      case DATE -> (to, row, value) -> longs(to)[row] = cast(LocalDate.class, value).toEpochDay();
      case DECIMAL ->
          (to, row, value) ->
              ((DecimalColumnVector) to)
                  .vector[row].set(
                      HiveDecimal.create(
                          Decimals.scaled(
                              cast(BigDecimal.class, value), shape.precision(), shape.scale())));
      case ENUM ->
          shape.symbols().get(0) instanceof Long
              ? (to, row, value) -> longs(to)[row] = cast(Long.class, value)
              : VectorWriters::text;
      case ROW -> struct(shape);
      case LIST -> list(shape.inner());
      case DICT -> dict(shape.inner());
    };
  }

  private static long[] longs(ColumnVector column) {
    return ((LongColumnVector) column).vector;
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

  private static void text(ColumnVector to, int row, Object value) throws BadValueException {
    bytes(to, row, Utf8.bytes(cast(String.class, value)));
  }

  private static void bytes(ColumnVector to, int row, byte[] value) {
    ((BytesColumnVector) to).setRef(row, value, 0, value.length);
  }

  private static void time(ColumnVector to, int row, Object value) throws BadValueException {
    Instant time = cast(Instant.class, value);
    TimestampColumnVector times = (TimestampColumnVector) to;
    try {
      times.time[row] = time.toEpochMilli();
    } catch (ArithmeticException e) {
      throw new BadValueException("is a time that its column cannot hold");
    }
    // Seconds are cut towards 1970, and what is behind the point is told apart from that.
    if (times.time[row] > -1000 && times.time[row] < 0) {
      throw new BadValueException(
          "is a time within the last second before 1970, which ORC cannot hold");
    }
    times.nanos[row] = time.getNano();
  }

  private static VectorWriter struct(Shape shape) {
    Fields fields = fields(shape);
    return (to, row, value) ->
        fields.write(((StructColumnVector) to).fields, row, cast(Row.class, value));
  }

  private static VectorWriter list(Shape item) {
    VectorWriter writer = of(item);
    return (to, row, value) -> {
      List<?> values =
          value instanceof List<?> list ? list : Arrays.asList(cast(Object[].class, value));
      ListColumnVector list = (ListColumnVector) to;
      int first = list.childCount;
      list.offsets[row] = first;
      list.lengths[row] = values.size();
      list.childCount += values.size();
      list.child.ensureSize(list.childCount, true);
      for (int i = 0; i < values.size(); i++) {
        put(list.child, first + i, item, writer, values.get(i), "[]");
      }
    };
  }

  private static VectorWriter dict(Shape item) {
    VectorWriter writer = of(item);
    return (to, row, value) -> {
      Map<?, ?> values = cast(Map.class, value);
      MapColumnVector map = (MapColumnVector) to;
      int place = map.childCount;
      map.offsets[row] = place;
      map.lengths[row] = values.size();
      map.childCount += values.size();
      map.keys.ensureSize(map.childCount, true);
      map.values.ensureSize(map.childCount, true);
      for (Map.Entry<?, ?> entry : values.entrySet()) {
        try {
          text(map.keys, place, entry.getKey());
        } catch (BadValueException e) {
          throw e.in("{}");
        }
        put(map.values, place, item, writer, entry.getValue(), "{}");
        place++;
      }
    };
  }
}
