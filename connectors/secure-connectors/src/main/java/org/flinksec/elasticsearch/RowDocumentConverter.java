// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.types.Row;
import org.flinksec.json.RowToJson;
import org.flinksec.json.RowTypes;
import org.flinksec.json.UnwritableValueException;
import org.flinksec.rows.Shape;

/** Makes documents of rows. */
final class RowDocumentConverter extends DocumentConverter<Row> {
  private static final long serialVersionUID = 1L;

  private final RowToJson json;
  private final int idPosition;

  RowDocumentConverter(RowTypeInfo type, String idField, int maxBytes) {
    super(idField, maxBytes);
    this.json = new RowToJson(Shape.of(type));
    this.idPosition = idField == null ? -1 : RowTypes.identifier(type, idField, "id_field", false);
  }

  @Override
  DocumentRequest convert(Row row) {
    try {
      Object id = idPosition < 0 ? null : row.getField(idPosition);
      return new DocumentRequest(id == null ? null : RowTypes.text(id), json.toBytes(row));
    } catch (UnwritableValueException e) {
      throw new DocumentException(e.getMessage());
    }
  }
}
