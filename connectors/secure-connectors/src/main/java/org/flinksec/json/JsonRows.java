// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.formats.RowEncoder;
import org.flinksec.rows.Shape;

/** JSON as a format of records: one object each, in UTF-8. */
public final class JsonRows {
  private JsonRows() {}

  /** Reads by {@link JsonToRow}. */
  public static RowDecoder.Factory decoder() {
    return JsonToRow::new;
  }

  /** Writes by {@link RowToJson}. */
  public static RowEncoder.Factory encoder() {
    return JsonRows::writing;
  }

  private static RowEncoder writing(Shape shape) {
    RowToJson json = new RowToJson(shape);
    return row -> {
      try {
        return json.toBytes(row);
      } catch (UnwritableValueException e) {
        throw new UnencodableException(e.getMessage());
      }
    };
  }
}
