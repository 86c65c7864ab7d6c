// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.raw;

import java.util.Set;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.ScalarText;
import org.flinksec.rows.Shape;

/**
 * Reads bytes into the one field of a row; no value at all is null, where the field may be null.
 */
public final class RawDecoder implements RowDecoder {
  private static final long serialVersionUID = 1L;

  private final RawForm form;
  private final Shape.Field field;
  private final int position;
  private final int arity;
  private transient ScalarText text;

  private RawDecoder(RawForm form, Shape shape, Set<String> excluded) {
    this.form = form;
    this.field = RawForm.only(shape, excluded);
    this.position = shape.position(field.name());
    this.arity = shape.fields().size();
  }

  /** Reads a form. */
  public static RowDecoder.Factory factory(RawForm form) {
    return (shape, excluded) -> new RawDecoder(form, shape, excluded);
  }

  @Override
  public Row read(byte[] value) throws UndecodableException {
    if (text == null) {
      text = ScalarText.of(field.shape());
    }
    Row row = new Row(arity);
    try {
      row.setField(position, value == null ? none() : form.read(value, field.shape().kind(), text));
    } catch (BadValueException e) {
      throw e.in(field.name()).undecodable();
    }
    return row;
  }

  private Object none() throws BadValueException {
    if (field.hasDefault()) {
      return field.ifMissing();
    }
    if (!field.shape().nullable()) {
      throw new BadValueException("is required, and there is no value");
    }
    return null;
  }
}
