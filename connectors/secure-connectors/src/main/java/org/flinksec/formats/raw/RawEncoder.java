// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.raw;

import java.util.Set;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.RowEncoder;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.rows.Shape;

/** Writes the one field of a row as its bytes; null is no value at all. */
public final class RawEncoder implements RowEncoder {
  private static final long serialVersionUID = 1L;

  private final RawForm form;
  private final Shape.Field field;

  private RawEncoder(RawForm form, Shape shape) {
    this.form = form;
    this.field = RawForm.only(shape, Set.of());
  }

  /** Writes a form. */
  public static RowEncoder.Factory factory(RawForm form) {
    return shape -> new RawEncoder(form, shape);
  }

  @Override
  public byte[] write(Row row) throws UnencodableException {
    Object value = row.getField(0);
    try {
      return value == null ? null : form.write(value, field);
    } catch (BadValueException e) {
      throw e.in(field.name()).unencodable();
    }
  }
}
