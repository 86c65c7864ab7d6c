// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.csv;

import java.util.List;
import java.util.Set;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.values.ScalarText;
import org.flinksec.rows.Shape;

/** Which column of a line is which field of a record. */
final class CsvColumns {
  private CsvColumns() {}

  /**
   * @param columns names of all columns, in their order; empty for the fields of the record
   * @return for each column the position of its field; -1 for one that is no field
   * @throws IllegalArgumentException if a field has no form in CSV, or a name stands there twice
   */
  static int[] positions(Shape shape, List<String> columns, Set<String> excluded) {
    List<Shape.Field> fields = shape.fields();
    fields.stream()
        .filter(field -> !excluded.contains(field.name()))
        .forEach(CsvColumns::requireScalar);
    if (columns.isEmpty()) {
      return fields.stream()
          .filter(field -> !excluded.contains(field.name()))
          .mapToInt(fields::indexOf)
          .toArray();
    }
    if (Set.copyOf(columns).size() < columns.size()) {
      throw new FormatException("a name stands twice among the columns of the CSV");
    }
    return columns.stream().mapToInt(name -> position(fields, name, excluded)).toArray();
  }

  private static int position(List<Shape.Field> fields, String name, Set<String> excluded) {
    for (int i = 0; i < fields.size(); i++) {
      Shape.Field field = fields.get(i);
      if (field.wire().equals(name) && !excluded.contains(field.name())) {
        return i;
      }
    }
    return -1;
  }

  private static void requireScalar(Shape.Field field) {
    if (!ScalarText.has(field.shape().kind())) {
      throw new FormatException(
          "field '%s' is a record, a list or a dict, for which a column of CSV has no form"
              .formatted(field.name()));
    }
  }
}
