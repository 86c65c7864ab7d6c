// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.util.Set;
import java.util.stream.Collectors;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.formats.RowEncoder;
import org.flinksec.rows.Shape;

/** JSON as a format of records: one object each, in UTF-8. */
public final class JsonRows {
  private JsonRows() {}

  /** Reads by {@link JsonToRow}. */
  public static RowDecoder.Factory decoder() {
    return JsonRows::reading;
  }

  /** Writes by {@link RowToJson}. */
  public static RowEncoder.Factory encoder() {
    return JsonRows::writing;
  }

  private static RowDecoder reading(Shape shape, Set<String> excluded) {
    return new JsonToRow(
        shape.rowType(),
        shape.requiredPaths().stream()
            .filter(path -> !excluded.contains(RequiredPaths.firstName(path)))
            .collect(Collectors.toList()),
        excluded);
  }

  private static RowEncoder writing(Shape shape) {
    RowToJson json = new RowToJson(shape.rowType());
    return row -> {
      try {
        return json.toBytes(row);
      } catch (UnwritableValueException e) {
        throw new UnencodableException(e.getMessage());
      }
    };
  }
}
