// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import org.apache.flink.types.Row;
import org.apache.flink.util.function.SerializableFunction;

/** Makes documents of what becomes a row first, such as the rows of a table. */
final class ConvertedDocumentConverter<T> extends DocumentConverter<T> {
  private static final long serialVersionUID = 1L;

  private final SerializableFunction<T, Row> toRow;
  private final RowDocumentConverter rows;

  ConvertedDocumentConverter(
      SerializableFunction<T, Row> toRow, RowDocumentConverter rows, int maxBytes) {
    super(maxBytes);
    this.toRow = toRow;
    this.rows = rows;
  }

  @Override
  DocumentRequest convert(T element) {
    return rows.convert(toRow.apply(element));
  }

  @Override
  DocumentRequest.Address address(T element) {
    return rows.address(toRow.apply(element));
  }

  @Override
  byte[] inLetter(T element) {
    return rows.inLetter(toRow.apply(element));
  }
}
