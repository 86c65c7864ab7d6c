// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.orc;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.flink.types.Row;
import org.apache.orc.TypeDescription;
import org.apache.orc.TypeDescription.Category;
import org.apache.orc.storage.ql.exec.vector.BytesColumnVector;
import org.apache.orc.storage.ql.exec.vector.ColumnVector;
import org.apache.orc.storage.ql.exec.vector.DecimalColumnVector;
import org.apache.orc.storage.ql.exec.vector.DoubleColumnVector;
import org.apache.orc.storage.ql.exec.vector.ListColumnVector;
import org.apache.orc.storage.ql.exec.vector.LongColumnVector;
import org.apache.orc.storage.ql.exec.vector.MapColumnVector;
import org.apache.orc.storage.ql.exec.vector.StructColumnVector;
import org.apache.orc.storage.ql.exec.vector.TimestampColumnVector;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Numbers;
import org.flinksec.formats.values.Times;
import org.flinksec.formats.values.Utf8;
import org.flinksec.formats.values.Uuids;
import org.flinksec.rows.Shape;

/** How values in columns become values of rows; nothing is rounded, but times to microseconds. */
final class VectorReaders {
  private static final Set<Category> WHOLE =
      Set.of(Category.BYTE, Category.SHORT, Category.INT, Category.LONG);
  private static final Set<Category> TEXT =
      Set.of(Category.STRING, Category.VARCHAR, Category.CHAR);

  private VectorReaders() {}

  /** A row of the columns of a struct. */
  @FunctionalInterface
  interface Fields {
    Row read(StructColumnVector columns, int row) throws BadValueException;
  }

  /** A value that is not null. */
  @FunctionalInterface
  private interface Reading {
    Object read(ColumnVector column, int row) throws BadValueException;
  }

  /** A column, and the field that it is of; one without a reading is passed over. */
  private record Column(int position, Shape.Field field, Reading reading) {}

  /**
   * @param path of the row, with a dot at its end; empty for the record
   * @throws FormatException if no row of such a file can be one of the shape
   */
  static Fields fields(Shape shape, TypeDescription struct, String path) {
    List<String> names = struct.getFieldNames();
    Row defaults = new Row(shape.fields().size());
    for (int i = 0; i < defaults.getArity(); i++) {
      Shape.Field field = shape.fields().get(i);
      if (!names.contains(field.wire())) {
        if (!field.hasDefault() && !field.shape().nullable()) {
          throw new FormatException(
              "field '%s%s' is not in the file as '%s', and has no default"
                  .formatted(path, field.name(), field.wire()));
        }
        defaults.setField(i, field.hasDefault() ? field.ifMissing() : null);
      }
    }
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      columns.add(column(shape, names.get(i), struct.getChildren().get(i), path));
    }
    return (vectors, row) -> {
      Row made = Row.copy(defaults);
      for (int i = 0; i < columns.size(); i++) {
        Column column = columns.get(i);
        if (column.reading() != null) {
          made.setField(
              column.position(),
              value(
                  column.field().shape(),
                  column.reading(),
                  vectors.fields[i],
                  row,
                  column.field().name()));
        }
      }
      return made;
    };
  }

  private static Column column(Shape shape, String name, TypeDescription type, String path) {
    for (int i = 0; i < shape.fields().size(); i++) {
      Shape.Field field = shape.fields().get(i);
      if (field.wire().equals(name)) {
        return new Column(i, field, of(field.shape(), type, path + field.name()));
      }
    }
    return new Column(-1, null, null);
  }

  private static Object value(
      Shape shape, Reading reading, ColumnVector column, int row, String step)
      throws BadValueException {
    int at = column.isRepeating ? 0 : row;
    try {
      if (!column.noNulls && column.isNull[at]) {
        if (!shape.nullable()) {
          throw new BadValueException("is null, which its type does not allow");
        }
        return null;
      }
      return reading.read(column, at);
    } catch (BadValueException e) {
      throw e.in(step);
    }
  }

  private static Reading of(Shape shape, TypeDescription type, String path) {
    Category found = type.getCategory();
    Reading reading =
        switch (shape.kind()) {
          case STR -> TEXT.contains(found) ? VectorReaders::text : null;
          case UUID ->
              TEXT.contains(found) ? (column, row) -> Uuids.canonical(text(column, row)) : null;
          case INT -> WHOLE.contains(found) ? VectorReaders::whole : null;
          case INT32 -> WHOLE.contains(found) ? VectorReaders::whole32 : null;
          case FLOAT ->
              found == Category.DOUBLE || found == Category.FLOAT
                  ? (column, row) -> ((DoubleColumnVector) column).vector[row]
                  : null;
          case BOOL -> found == Category.BOOLEAN ? (column, row) -> whole(column, row) != 0 : null;
          case BYTES -> found == Category.BINARY ? VectorReaders::bytes : null;
          case DATETIME -> found == Category.TIMESTAMP_INSTANT ? VectorReaders::time : null;
          case DATE ->
              found == Category.DATE ? (column, row) -> Times.date(whole(column, row)) : null;
          case DECIMAL ->
              found == Category.DECIMAL
                  ? (column, row) ->
                      Numbers.read(
                          ((DecimalColumnVector) column)
                              .vector[row]
                              .getHiveDecimal()
                              .bigDecimalValue(),
                          shape)
                  : null;
          case ENUM -> symbols(shape, found);
          case ROW -> found == Category.STRUCT ? row(shape, type, path) : null;
          case LIST -> found == Category.LIST ? list(shape, type, path) : null;
          case DICT -> found == Category.MAP ? dict(shape, type, path) : null;
        };
    if (reading == null) {
      throw new FormatException(
          "field '%s' is %s in the file, which is no %s"
              .formatted(path, type, shape.kind().name().toLowerCase(Locale.ROOT)));
    }
    return reading;
  }

  private static long whole(ColumnVector column, int row) {
    return ((LongColumnVector) column).vector[row];
  }

  private static Integer whole32(ColumnVector column, int row) throws BadValueException {
    long value = whole(column, row);
    if (value != (int) value) {
      throw new BadValueException("is a whole number outside the 32-bit range");
    }
    return (int) value;
  }

  private static byte[] bytes(ColumnVector column, int row) {
    BytesColumnVector bytes = (BytesColumnVector) column;
    int start = bytes.start[row];
    return Arrays.copyOfRange(bytes.vector[row], start, start + bytes.length[row]);
  }

  private static String text(ColumnVector column, int row) throws BadValueException {
    BytesColumnVector bytes = (BytesColumnVector) column;
    String text =
        new String(bytes.vector[row], bytes.start[row], bytes.length[row], StandardCharsets.UTF_8);
    // What is no UTF-8 has become that character, or it stands there.
    return text.indexOf('\uFFFD') >= 0 ? Utf8.text(bytes(column, row)) : text;
  }

  private static Object time(ColumnVector column, int row) throws BadValueException {
    TimestampColumnVector times = (TimestampColumnVector) column;
    long millis = times.time[row];
    int nanos = times.nanos[row];
    return nanos < 0 // pyarrow counts both parts from 1970 back, and the milliseconds have both
        ? Times.ofSeconds((millis - nanos / 1_000_000) / 1000, nanos)
        : Times.ofSeconds(Math.floorDiv(millis, 1000L), nanos);
  }

  private static Reading symbols(Shape shape, Category found) {
    Set<Object> known = new HashSet<>(shape.symbols());
    boolean numbers = shape.symbols().get(0) instanceof Long;
    if (!(numbers ? WHOLE : TEXT).contains(found)) {
      return null;
    }
    return (column, row) -> {
      Object value = numbers ? (Object) whole(column, row) : text(column, row);
      if (!known.contains(value)) {
        throw new BadValueException("is none of the values that it may have");
      }
      return value;
    };
  }

  private static Reading row(Shape shape, TypeDescription type, String path) {
    Fields fields = fields(shape, type, path + ".");
    return (column, row) -> fields.read((StructColumnVector) column, row);
  }

  private static Reading list(Shape shape, TypeDescription type, String path) {
    Shape inner = shape.inner();
    Reading item = of(inner, type.getChildren().get(0), path + "[]");
    return (column, row) -> {
      ListColumnVector list = (ListColumnVector) column;
      Object[] items = inner.newArray((int) list.lengths[row]);
      for (int i = 0; i < items.length; i++) {
        items[i] = value(inner, item, list.child, (int) list.offsets[row] + i, "[]");
      }
      return items;
    };
  }

  private static Reading dict(Shape shape, TypeDescription type, String path) {
    if (!TEXT.contains(type.getChildren().get(0).getCategory())) {
      return null;
    }
    Shape inner = shape.inner();
    Reading item = of(inner, type.getChildren().get(1), path + "{}");
    return (column, row) -> {
      MapColumnVector map = (MapColumnVector) column;
      Map<String, Object> items = new LinkedHashMap<>();
      for (int i = 0; i < map.lengths[row]; i++) {
        int at = (int) map.offsets[row] + i;
        String key = text(map.keys, map.keys.isRepeating ? 0 : at);
        items.put(key, value(inner, item, map.values, at, "{}"));
      }
      return items;
    };
  }
}
