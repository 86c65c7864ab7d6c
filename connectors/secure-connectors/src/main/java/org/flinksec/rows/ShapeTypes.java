// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.BasicArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.api.java.typeutils.MapTypeInfo;
import org.apache.flink.api.java.typeutils.ObjectArrayTypeInfo;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.flinksec.rows.Shape.Kind;

/** Between shapes and Flink's types. */
final class ShapeTypes {
  private static final TypeInformation<?> BYTES =
      PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
  private static final Map<TypeInformation<?>, Kind> SCALARS =
      Map.of(
          Types.STRING,
          Kind.STR,
          Types.LONG,
          Kind.INT,
          Types.INT,
          Kind.INT32,
          Types.DOUBLE,
          Kind.FLOAT,
          Types.BOOLEAN,
          Kind.BOOL,
          BYTES,
          Kind.BYTES,
          Types.INSTANT,
          Kind.DATETIME,
          Types.LOCAL_DATE,
          Kind.DATE,
          Types.BIG_DEC,
          Kind.DECIMAL);

  private ShapeTypes() {}

  static Shape shape(TypeInformation<?> type) {
    if (type instanceof RecordTypeInfo record) {
      return record.shape();
    }
    if (type instanceof RowTypeInfo row) {
      return row(row);
    }
    throw new IllegalArgumentException(
        "the stream's type is %s, not a row with named fields".formatted(type));
  }

  static Shape ofValue(TypeInformation<?> type) {
    return any("", type);
  }

  private static Shape row(RowTypeInfo row) {
    List<Shape.Field> fields = new ArrayList<>();
    for (int i = 0; i < row.getArity(); i++) {
      String name = row.getFieldNames()[i];
      fields.add(new Shape.Field(name, name, any(name, row.getTypeAt(i)), false, null));
    }
    return new Shape(Kind.ROW, true, null, fields, null, List.of(), 0, 0);
  }

  private static Shape any(String field, TypeInformation<?> type) {
    Kind scalar = SCALARS.get(type);
    if (scalar != null) {
      return new Shape(scalar, true, null, List.of(), null, List.of(), 0, 0);
    }
    if (type instanceof RowTypeInfo) {
      return shape(type);
    }
    if (type instanceof MapTypeInfo<?, ?> map && map.getKeyTypeInfo().equals(Types.STRING)) {
      return container(Kind.DICT, any(field, map.getValueTypeInfo()));
    }
    if (type instanceof ObjectArrayTypeInfo<?, ?> array) {
      return container(Kind.LIST, any(field, array.getComponentInfo()));
    }
    if (type instanceof BasicArrayTypeInfo<?, ?> array) {
      return container(Kind.LIST, any(field, array.getComponentInfo()));
    }
    if (type instanceof ListTypeInfo<?> list) {
      return container(Kind.LIST, any(field, list.getElementTypeInfo()));
    }
    throw new IllegalArgumentException(
        "field '%s' has the type %s, which no format writes".formatted(field, type));
  }

  private static Shape container(Kind kind, Shape inner) {
    return new Shape(kind, true, null, List.of(), inner, List.of(), 0, 0);
  }

  static RowTypeInfo rowType(Shape shape) {
    return new RecordTypeInfo(
        shape.fields().stream().map(field -> type(field.shape())).toArray(TypeInformation[]::new),
        shape.names().toArray(String[]::new),
        shape);
  }

  static TypeInformation<?> type(Shape shape) {
    return switch (shape.kind()) {
      case STR, UUID -> Types.STRING;
      case INT -> Types.LONG;
      case INT32 -> Types.INT;
      case FLOAT -> Types.DOUBLE;
      case BOOL -> Types.BOOLEAN;
      case BYTES -> BYTES;
      case DATETIME -> Types.INSTANT;
      case DATE -> Types.LOCAL_DATE;
      case DECIMAL -> Types.BIG_DEC;
      case ENUM -> shape.symbols().get(0) instanceof Long ? Types.LONG : Types.STRING;
      case ROW -> rowType(shape);
      case LIST -> Types.OBJECT_ARRAY(type(shape.inner()));
      case DICT -> dict(shape.inner());
    };
  }

  private static TypeInformation<?> dict(Shape values) {
    return values.kind() == Kind.ROW
        ? new RowsByNameTypeInfo(rowType(values))
        : Types.MAP(Types.STRING, type(values));
  }
}
