// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.csv;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.ScalarText;
import org.flinksec.formats.values.Utf8;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/**
 * Reads one line of CSV, in UTF-8, into a row.
 *
 * <p>There must be as many columns as are declared; at the end, those may be missing whose fields
 * have a default. What stands for null is null where that is allowed, else the field's default; an
 * empty column is an empty text.
 */
public final class CsvDecoder implements RowDecoder {
  private static final long serialVersionUID = 1L;

  private final CsvForm form;
  private final Shape shape;
  private final int[] positions;
  private transient ScalarText[] texts;

  private CsvDecoder(CsvForm form, List<String> columns, Shape shape, Set<String> excluded) {
    this.form = form;
    this.shape = shape;
    this.positions = CsvColumns.positions(shape, columns, excluded);
    requireAll(columns, excluded);
    open();
  }

  /**
   * @param columns names of all columns, in their order; empty for the fields of the record
   */
  public static RowDecoder.Factory factory(CsvForm form, List<String> columns) {
    List<String> names = new ArrayList<>(columns);
    return (shape, excluded) -> new CsvDecoder(form, names, shape, excluded);
  }

  private void requireAll(List<String> columns, Set<String> excluded) {
    for (Shape.Field field : shape.fields()) {
      if (!columns.isEmpty()
          && !columns.contains(field.wire())
          && !excluded.contains(field.name())
          && !field.hasDefault()) {
        throw new FormatException(
            "field '%s' is none of the columns of the CSV, and has no default"
                .formatted(field.wire()));
      }
    }
  }

  private void open() {
    texts = new ScalarText[positions.length];
    for (int i = 0; i < positions.length; i++) {
      if (positions[i] >= 0) {
        texts[i] = ScalarText.of(shape.fields().get(positions[i]).shape());
      }
    }
  }

  @Override
  public Row read(byte[] value) throws UndecodableException {
    if (value == null) {
      throw new UndecodableException("there is no line (a null value)");
    }
    if (texts == null) {
      open();
    }
    try {
      return row(form.read(Utf8.text(value), positions.length));
    } catch (BadValueException e) {
      throw e.undecodable();
    }
  }

  private Row row(CsvForm.Field[] columns) throws BadValueException {
    Row row = new Row(shape.fields().size());
    for (int i = 0; i < shape.fields().size(); i++) {
      row.setField(i, shape.fields().get(i).ifMissing());
    }
    for (int i = 0; i < positions.length; i++) {
      if (positions[i] < 0) {
        continue;
      }
      Shape.Field field = shape.fields().get(positions[i]);
      if (i >= columns.length) {
        if (!field.hasDefault()) {
          throw new BadValueException(
              "has %d columns, but column %d is required".formatted(columns.length, i + 1));
        }
        continue;
      }
      try {
        row.setField(positions[i], value(columns[i], field, texts[i]));
      } catch (BadValueException e) {
        throw e.in(field.name());
      }
    }
    return row;
  }

  private Object value(CsvForm.Field column, Shape.Field field, ScalarText text)
      throws BadValueException {
    if (column.quoted() || !column.text().equals(form.nullText())) {
      return text.read(column.text());
    }
    if (field.shape().nullable()) {
      return null;
    }
    if (field.hasDefault()) {
      return field.ifMissing();
    }
    if (field.shape().kind() == Kind.STR && column.text().isEmpty()) {
      return "";
    }
    throw new BadValueException("is required but null");
  }
}
