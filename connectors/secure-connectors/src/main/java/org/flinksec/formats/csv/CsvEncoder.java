// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.csv;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.RowEncoder;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Classes;
import org.flinksec.formats.values.ScalarText;
import org.flinksec.rows.Shape;

/**
 * Writes a row as one line of CSV, in UTF-8, without its end.
 *
 * <p>A field is quoted where it would otherwise be read as something else, or as null.
 */
public final class CsvEncoder implements RowEncoder {
  private static final long serialVersionUID = 1L;

  private final CsvForm form;
  private final Shape shape;
  private final int[] positions;
  private transient ScalarText[] texts;

  private CsvEncoder(CsvForm form, List<String> columns, Shape shape) {
    this.form = form;
    this.shape = shape;
    this.positions = CsvColumns.positions(shape, columns, Set.of());
    for (int i = 0; i < positions.length; i++) {
      if (positions[i] < 0) {
        throw new FormatException(
            "the column '%s' of the CSV is no field of the record".formatted(columns.get(i)));
      }
    }
    for (Shape.Field field : shape.fields()) {
      if (!columns.isEmpty() && !columns.contains(field.wire())) {
        throw new FormatException(
            "field '%s' is none of the columns of the CSV".formatted(field.wire()));
      }
    }
    open();
  }

  /**
   * @param columns names of all columns, in their order; empty for the fields of the record
   */
  public static RowEncoder.Factory factory(CsvForm form, List<String> columns) {
    List<String> names = new ArrayList<>(columns);
    return shape -> new CsvEncoder(form, names, shape);
  }

  private void open() {
    texts = new ScalarText[positions.length];
    for (int i = 0; i < positions.length; i++) {
      texts[i] = ScalarText.of(shape.fields().get(positions[i]).shape());
    }
  }

  @Override
  public byte[] write(Row row) throws UnencodableException {
    return text(row).getBytes(StandardCharsets.UTF_8);
  }

  private String text(Row row) throws UnencodableException {
    if (texts == null) {
      open();
    }
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < positions.length; i++) {
      if (i > 0) {
        line.append(form.delimiter());
      }
      Shape.Field field = shape.fields().get(positions[i]);
      try {
        write(row.getField(positions[i]), field, texts[i], line);
      } catch (BadValueException e) {
        throw e.in(field.name()).unencodable();
      }
    }
    return line.toString();
  }

  private void write(Object value, Shape.Field field, ScalarText text, StringBuilder line)
      throws BadValueException {
    if (value == null) {
      form.writeNull(line);
    } else {
      Class<?> type = Classes.of(field.shape());
      form.write(text.write(Classes.cast(type, value, field.name())), line);
    }
  }
}
