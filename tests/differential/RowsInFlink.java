// SPDX-License-Identifier: Apache-2.0

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;

/** Rows as the planner of Flink's tables has them. */
final class RowsInFlink {
  private RowsInFlink() {}

  static DataType dataType(Shape shape) {
    return switch (shape.kind()) {
      case STR, UUID, ENUM -> DataTypes.STRING();
      case INT -> DataTypes.BIGINT();
      case INT32 -> DataTypes.INT();
      case FLOAT -> DataTypes.DOUBLE();
      case BOOL -> DataTypes.BOOLEAN();
      case BYTES -> DataTypes.BYTES();
      case DATETIME -> DataTypes.TIMESTAMP_LTZ(6);
      case DATE -> DataTypes.DATE();
      case DECIMAL -> DataTypes.DECIMAL(shape.precision(), shape.scale());
      case LIST -> DataTypes.ARRAY(dataType(shape.inner()));
      case DICT -> DataTypes.MAP(DataTypes.STRING(), dataType(shape.inner()));
      case ROW ->
          DataTypes.ROW(
              shape.fields().stream()
                  .map(field -> DataTypes.FIELD(field.wire(), dataType(field.shape())))
                  .toArray(DataTypes.Field[]::new));
    };
  }

  static Row external(RowData data, Shape shape) {
    LogicalType type = dataType(shape).getLogicalType();
    Row row = new Row(data.getRowKind(), shape.fields().size());
    for (int i = 0; i < shape.fields().size(); i++) {
      LogicalType field = ((RowType) type).getTypeAt(i);
      row.setField(
          i,
          external(
              RowData.createFieldGetter(field, i).getFieldOrNull(data),
              shape.fields().get(i).shape()));
    }
    return row;
  }

  private static Object external(Object value, Shape shape) {
    if (value == null) {
      return null;
    }
    return switch (shape.kind()) {
      case STR, UUID, ENUM -> value.toString();
      case DATETIME -> ((TimestampData) value).toInstant();
      case DATE -> LocalDate.ofEpochDay((Integer) value);
      case DECIMAL -> ((DecimalData) value).toBigDecimal();
      case ROW -> external((RowData) value, shape);
      case LIST -> {
        ArrayData array = (ArrayData) value;
        ArrayData.ElementGetter getter =
            ArrayData.createElementGetter(dataType(shape.inner()).getLogicalType());
        Object[] made = new Object[array.size()];
        for (int i = 0; i < made.length; i++) {
          made[i] = external(getter.getElementOrNull(array, i), shape.inner());
        }
        yield made;
      }
      case DICT -> {
        MapData map = (MapData) value;
        ArrayData.ElementGetter getter =
            ArrayData.createElementGetter(dataType(shape.inner()).getLogicalType());
        Map<String, Object> made = new LinkedHashMap<>();
        for (int i = 0; i < map.size(); i++) {
          made.put(
              map.keyArray().getString(i).toString(),
              external(getter.getElementOrNull(map.valueArray(), i), shape.inner()));
        }
        yield made;
      }
      default -> value;
    };
  }

  static Object internal(Object value, Shape shape) {
    if (value == null) {
      return null;
    }
    return switch (shape.kind()) {
      case STR, UUID, ENUM -> StringData.fromString((String) value);
      case DATETIME -> TimestampData.fromInstant((Instant) value);
      case DATE -> (int) ((LocalDate) value).toEpochDay();
      case DECIMAL ->
          DecimalData.fromBigDecimal((BigDecimal) value, shape.precision(), shape.scale());
      case LIST -> {
        List<Object> all = new ArrayList<>();
        for (Object one : (Object[]) value) {
          all.add(internal(one, shape.inner()));
        }
        yield new GenericArrayData(all.toArray());
      }
      case DICT -> {
        Map<Object, Object> all = new LinkedHashMap<>();
        ((Map<?, ?>) value)
            .forEach(
                (key, one) ->
                    all.put(StringData.fromString((String) key), internal(one, shape.inner())));
        yield new GenericMapData(all);
      }
      case ROW -> {
        Row row = (Row) value;
        GenericRowData data = new GenericRowData(row.getKind(), row.getArity());
        for (int i = 0; i < row.getArity(); i++) {
          data.setField(i, internal(row.getField(i), shape.fields().get(i).shape()));
        }
        yield data;
      }
      default -> value;
    };
  }
}
