// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.orc;

import java.util.HashSet;
import java.util.Set;
import org.apache.orc.TypeDescription;
import org.flinksec.formats.FormatException;
import org.flinksec.rows.Shape;

/** The schema of a record class in ORC, which does not say what may be null. */
final class OrcSchema {
  /** The most digits of a decimal. */
  private static final int MOST_DIGITS = 38;

  private OrcSchema() {}

  /**
   * @throws FormatException if a field has no type in ORC; it names the field
   */
  static TypeDescription of(Shape shape) {
    return struct(shape, "the record");
  }

  private static TypeDescription struct(Shape shape, String path) {
    if (shape.fields().isEmpty()) {
      throw new FormatException("%s has no fields, and ORC has no such struct".formatted(path));
    }
    Set<String> names = new HashSet<>();
    TypeDescription struct = TypeDescription.createStruct();
    for (Shape.Field field : shape.fields()) {
      if (!names.add(field.wire())) {
        throw new FormatException(
            "%s has two fields that are called '%s'".formatted(path, field.wire()));
      }
      struct.addField(field.wire(), type(field.shape(), "the field '%s'".formatted(field.name())));
    }
    return struct;
  }

  private static TypeDescription type(Shape shape, String path) {
    return switch (shape.kind()) {
      case STR, UUID -> TypeDescription.createString();
      case INT -> TypeDescription.createLong();
      case INT32 -> TypeDescription.createInt();
      case FLOAT -> TypeDescription.createDouble();
      case BOOL -> TypeDescription.createBoolean();
      case BYTES -> TypeDescription.createBinary();
      case DATETIME -> TypeDescription.createTimestampInstant();
      case DATE -> TypeDescription.createDate();
      case DECIMAL -> decimal(shape, path);
      case ENUM ->
          shape.symbols().get(0) instanceof Long
              ? TypeDescription.createLong()
              : TypeDescription.createString();
      case ROW -> struct(shape, path);
      case LIST -> TypeDescription.createList(type(shape.inner(), path));
      case DICT ->
          TypeDescription.createMap(TypeDescription.createString(), type(shape.inner(), path));
    };
  }

  private static TypeDescription decimal(Shape shape, String path) {
    if (shape.precision() == 0) {
      throw new FormatException(
          "%s is a Decimal of any number of digits, which ORC does not have: say how many"
              .formatted(path));
    }
    if (shape.precision() > MOST_DIGITS) {
      throw new FormatException(
          "%s is a Decimal of %d digits, and ORC has no more than %d"
              .formatted(path, shape.precision(), MOST_DIGITS));
    }
    // Both at once would pass through a decimal that has more digits behind the point than in all.
    return TypeDescription.fromString("decimal(%d,%d)".formatted(shape.precision(), shape.scale()));
  }
}
