// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.CollectionDataType;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.FieldsDataType;
import org.apache.flink.table.types.KeyValueDataType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape.Kind;

/**
 * Between shapes and the types of tables, so that a stream becomes a table and back with all digits
 * of its Decimals and times.
 *
 * <p>All columns may be null, whatever a record says: rows of records without a value are.
 */
public final class TableTypes {
  private static final int MICROSECONDS = 6;
  private static final Map<LogicalTypeRoot, Kind> SCALARS =
      Map.of(
          LogicalTypeRoot.CHAR, Kind.STR,
          LogicalTypeRoot.VARCHAR, Kind.STR,
          LogicalTypeRoot.BIGINT, Kind.INT,
          LogicalTypeRoot.INTEGER, Kind.INT32,
          LogicalTypeRoot.DOUBLE, Kind.FLOAT,
          LogicalTypeRoot.BOOLEAN, Kind.BOOL,
          LogicalTypeRoot.BINARY, Kind.BYTES,
          LogicalTypeRoot.VARBINARY, Kind.BYTES,
          LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE, Kind.DATETIME,
          LogicalTypeRoot.DATE, Kind.DATE);
  private static final Map<Kind, Set<Class<?>>> CLASSES =
      Map.of(
          Kind.STR, Set.of(String.class),
          Kind.INT, Set.of(Long.class, long.class),
          Kind.INT32, Set.of(Integer.class, int.class),
          Kind.FLOAT, Set.of(Double.class, double.class),
          Kind.BOOL, Set.of(Boolean.class, boolean.class),
          Kind.BYTES, Set.of(byte[].class),
          Kind.DATETIME, Set.of(Instant.class),
          Kind.DATE, Set.of(LocalDate.class),
          Kind.DECIMAL, Set.of(BigDecimal.class),
          Kind.ROW, Set.of(Row.class));

  private TableTypes() {}

  /** The type of a table's column, or of all its columns together. */
  static DataType dataType(Shape shape) {
    return switch (shape.kind()) {
      case STR, UUID -> DataTypes.STRING();
      case INT -> DataTypes.BIGINT();
      case INT32 -> DataTypes.INT();
      case FLOAT -> DataTypes.DOUBLE();
      case BOOL -> DataTypes.BOOLEAN();
      case BYTES -> DataTypes.BYTES();
      case DATETIME -> DataTypes.TIMESTAMP_LTZ(MICROSECONDS);
      case DATE -> DataTypes.DATE();
      case DECIMAL ->
          shape.precision() > 0
              ? DataTypes.DECIMAL(shape.precision(), shape.scale())
              : DataTypes.DECIMAL(Scalars.PRECISION, Scalars.SCALE);
      case ENUM -> Scalars.isText(shape) ? DataTypes.STRING() : DataTypes.BIGINT();
      case ROW ->
          DataTypes.ROW(
              shape.fields().stream()
                  .map(field -> DataTypes.FIELD(field.name(), dataType(field.shape())))
                  .toArray(DataTypes.Field[]::new));
      case LIST -> DataTypes.ARRAY(dataType(shape.inner()));
      case DICT -> DataTypes.MAP(DataTypes.STRING(), dataType(shape.inner()));
    };
  }

  /**
   * The types of a record's fields as statements write them, in their order.
   *
   * @param shape see {@link Shape#parse}
   */
  public static List<String> inStatements(String shape) {
    return Shape.parse(shape).fields().stream()
        .map(field -> dataType(field.shape()).getLogicalType().asSerializableString())
        .toList();
  }

  /**
   * The type of the rows of a stream that a table has become.
   *
   * @return null if its elements are no rows
   * @throws IllegalArgumentException if a column's type is none of a record; it says what to do
   */
  public static RowTypeInfo rowType(DataType type) {
    return type instanceof FieldsDataType && type.getConversionClass() == Row.class
        ? shape("the table", type).rowType()
        : null;
  }

  /**
   * What the columns of a table are for a format, which keeps what is declared NOT NULL.
   *
   * @param columns as classes of their own: {@code TypeConversions.fromLogicalToDataType}
   * @throws IllegalArgumentException if a column's type is none of a record; it says what to do
   */
  public static Shape columns(DataType columns) {
    return shape("the table", columns);
  }

  private static Shape shape(String name, DataType type) {
    LogicalType logical = type.getLogicalType();
    boolean nullable = logical.isNullable();
    if (type instanceof FieldsDataType && type.getConversionClass() == Row.class) {
      List<Shape.Field> fields = new ArrayList<>();
      for (DataTypes.Field field : DataType.getFields(type)) {
        Shape shape = shape(field.getName(), field.getDataType());
        fields.add(new Shape.Field(field.getName(), field.getName(), shape, false, null));
      }
      return new Shape(Kind.ROW, nullable, null, fields, null, List.of(), 0, 0);
    }
    if (type instanceof CollectionDataType list && logical.is(LogicalTypeRoot.ARRAY)) {
      return of(Kind.LIST, nullable, shape(name, list.getElementDataType()), 0, 0);
    }
    if (type instanceof KeyValueDataType map
        && logical.is(LogicalTypeRoot.MAP)
        && map.getKeyDataType().getConversionClass() == String.class) {
      return of(Kind.DICT, nullable, shape(name, map.getValueDataType()), 0, 0);
    }
    if (logical instanceof DecimalType decimal && is(Kind.DECIMAL, type)) {
      return of(Kind.DECIMAL, nullable, null, decimal.getPrecision(), decimal.getScale());
    }
    Kind scalar = SCALARS.get(logical.getTypeRoot());
    if (scalar == null || !is(scalar, type)) {
      throw new IllegalArgumentException(
          "the column '%s' has the type %s, which no record has; use STRING, BIGINT, INT,"
                  .formatted(name, logical.asSummaryString())
              + " DOUBLE, BOOLEAN, BYTES, DECIMAL, DATE or TIMESTAMP_LTZ");
    }
    return of(scalar, nullable, null, 0, 0);
  }

  private static boolean is(Kind kind, DataType type) {
    return CLASSES.get(kind).contains(type.getConversionClass());
  }

  private static Shape of(Kind kind, boolean nullable, Shape inner, int precision, int scale) {
    return new Shape(kind, nullable, null, List.of(), inner, List.of(), precision, scale);
  }
}
