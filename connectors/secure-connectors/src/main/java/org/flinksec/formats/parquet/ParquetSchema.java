// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.apache.parquet.schema.Types;
import org.flinksec.formats.FormatException;
import org.flinksec.rows.Shape;

/** The schema of a record class in Parquet, by the logical types of its specification. */
final class ParquetSchema {
  /** The digits that an INT32 and an INT64 hold. */
  static final int INT32_DIGITS = 9;

  static final int INT64_DIGITS = 18;

  private ParquetSchema() {}

  /**
   * @throws FormatException if a field has no type in Parquet; it names the field
   */
  static MessageType of(Shape shape) {
    return new MessageType(
        shape.name() == null ? "Row" : shape.name(), fields(shape, "the record"));
  }

  private static List<Type> fields(Shape shape, String path) {
    if (shape.fields().isEmpty()) {
      throw new FormatException("%s has no fields, and Parquet has no such group".formatted(path));
    }
    Set<String> names = new HashSet<>();
    List<Type> types = new ArrayList<>();
    for (Shape.Field field : shape.fields()) {
      if (!names.add(field.wire())) {
        throw new FormatException(
            "%s has two fields that are called '%s'".formatted(path, field.wire()));
      }
      types.add(type(field.shape(), field.wire(), "the field '%s'".formatted(field.name())));
    }
    return types;
  }

  private static Type type(Shape shape, String name, String path) {
    Repetition repetition = shape.nullable() ? Repetition.OPTIONAL : Repetition.REQUIRED;
    return switch (shape.kind()) {
      case STR, UUID -> text(repetition, name);
      case INT -> Types.primitive(PrimitiveTypeName.INT64, repetition).named(name);
      case INT32 -> Types.primitive(PrimitiveTypeName.INT32, repetition).named(name);
      case FLOAT -> Types.primitive(PrimitiveTypeName.DOUBLE, repetition).named(name);
      case BOOL -> Types.primitive(PrimitiveTypeName.BOOLEAN, repetition).named(name);
      case BYTES -> Types.primitive(PrimitiveTypeName.BINARY, repetition).named(name);
      case DATETIME ->
          Types.primitive(PrimitiveTypeName.INT64, repetition)
              .as(LogicalTypeAnnotation.timestampType(true, TimeUnit.MICROS))
              .named(name);
      case DATE ->
          Types.primitive(PrimitiveTypeName.INT32, repetition)
              .as(LogicalTypeAnnotation.dateType())
              .named(name);
      case DECIMAL -> decimal(shape, repetition, name, path);
      case ENUM ->
          shape.symbols().get(0) instanceof Long
              ? Types.primitive(PrimitiveTypeName.INT64, repetition).named(name)
              : text(repetition, name);
      case ROW ->
          Types.buildGroup(repetition)
              .addFields(fields(shape, path).toArray(new Type[0]))
              .named(name);
      case LIST -> Types.list(repetition).element(type(shape.inner(), "element", path)).named(name);
      case DICT ->
          Types.map(repetition)
              .key(text(Repetition.REQUIRED, "key"))
              .value(type(shape.inner(), "value", path))
              .named(name);
    };
  }

  private static Type text(Repetition repetition, String name) {
    return Types.primitive(PrimitiveTypeName.BINARY, repetition)
        .as(LogicalTypeAnnotation.stringType())
        .named(name);
  }

  private static Type decimal(Shape shape, Repetition repetition, String name, String path) {
    int precision = shape.precision();
    if (precision == 0) {
      throw new FormatException(
          "%s is a Decimal of any number of digits, which Parquet does not have: say how many"
              .formatted(path));
    }
    LogicalTypeAnnotation logical = LogicalTypeAnnotation.decimalType(shape.scale(), precision);
    if (precision <= INT32_DIGITS) {
      return Types.primitive(PrimitiveTypeName.INT32, repetition).as(logical).named(name);
    }
    if (precision <= INT64_DIGITS) {
      return Types.primitive(PrimitiveTypeName.INT64, repetition).as(logical).named(name);
    }
    return Types.primitive(PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY, repetition)
        .length(bytes(precision))
        .as(logical)
        .named(name);
  }

  /** How many bytes hold so many digits and a sign. */
  static int bytes(int precision) {
    return BigInteger.TEN.pow(precision).subtract(BigInteger.ONE).bitLength() / 8 + 1;
  }
}
