// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.core.fs.Path;
import org.apache.flink.types.Row;
import org.flinksec.files.PartitionNames;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.ScalarText;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/**
 * What the names of a file's directories say of its records: {@code carrier=AA/day=2024-12-30}.
 *
 * <p>It is the default of the fields that are called so, for where the file does not have them.
 *
 * @param shape of the records, with these defaults
 * @param names of these fields
 */
record Directories(Shape shape, Set<String> names) {

  /**
   * @param top the directory that is read
   * @param file below it
   */
  static Directories of(Shape shape, Path top, Path file) {
    List<Shape.Field> fields = new ArrayList<>(shape.fields());
    Set<String> names = new HashSet<>();
    Path at = file.getParent();
    while (at != null && at.depth() > top.depth()) {
      PartitionNames.Named named = PartitionNames.read(at.getName());
      for (int i = 0; named != null && i < fields.size(); i++) {
        Shape.Field field = fields.get(i);
        boolean isIt = named.field().equals(field.wire()) || named.field().equals(field.name());
        if (isIt && !names.contains(field.name())) {
          Shape.Field known = known(field, named.value());
          if (known != null) {
            fields.set(i, known);
            names.add(field.name());
          }
        }
      }
      at = at.getParent();
    }
    return new Directories(with(shape, fields), Set.copyOf(names));
  }

  private static Shape with(Shape shape, List<Shape.Field> fields) {
    return new Shape(
        shape.kind(),
        shape.nullable(),
        shape.name(),
        fields,
        shape.inner(),
        shape.symbols(),
        shape.precision(),
        shape.scale(),
        shape.key());
  }

  /** The field with what a name says as its default; null if it says nothing for it. */
  private static Shape.Field known(Shape.Field field, String text) {
    Shape shape = field.shape();
    if (text == null) { // null, or the empty text
      if (shape.nullable()) {
        return of(field, null);
      }
      return shape.kind() == Kind.STR ? of(field, "") : null;
    }
    if (!ScalarText.has(shape.kind())) {
      return null;
    }
    try {
      return of(field, (Serializable) ScalarText.of(shape).read(text));
    } catch (BadValueException e) {
      return null; // a name that happens to be the field's: the file has to have it
    }
  }

  private static Shape.Field of(Shape.Field field, Serializable value) {
    return new Shape.Field(field.name(), field.wire(), field.shape(), true, value);
  }

  /** The shape as if directories named all fields, for what is checked before any is seen. */
  static Shape allKnown(Shape shape) {
    return with(shape, shape.fields().stream().map(field -> of(field, null)).toList());
  }

  /** A row of nothing but what directories say. */
  static Row preset(Shape shape, Set<String> names) {
    Row row = new Row(shape.fields().size());
    for (int i = 0; i < row.getArity(); i++) {
      Shape.Field field = shape.fields().get(i);
      if (names.contains(field.name())) {
        row.setField(i, field.ifMissing());
      }
    }
    return row;
  }
}
