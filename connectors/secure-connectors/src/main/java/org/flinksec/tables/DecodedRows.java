// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.connector.RuntimeConverter;
import org.apache.flink.table.connector.source.DynamicTableSource.DataStructureConverter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.flinksec.formats.RowDecoder;

/** Reads the rows of a table by a format of records. */
final class DecodedRows implements DeserializationSchema<RowData> {
  private static final long serialVersionUID = 1L;

  private final RowDecoder decoder;
  private final DataStructureConverter converter;
  private final TypeInformation<RowData> type;
  private transient List<Row> rows;

  /**
   * @param converter from the rows of the decoder to those of the table
   */
  DecodedRows(RowDecoder decoder, DataStructureConverter converter, TypeInformation<RowData> type) {
    this.decoder = decoder;
    this.converter = converter;
    this.type = type;
  }

  @Override
  public void open(InitializationContext context) {
    converter.open(RuntimeConverter.Context.create(DecodedRows.class.getClassLoader()));
    rows = new ArrayList<>();
  }

  @Override
  public RowData deserialize(byte[] message) {
    throw new UnsupportedOperationException("rows are collected");
  }

  @Override
  public void deserialize(byte[] message, Collector<RowData> out) throws IOException {
    rows.clear();
    decoder.readAll(message, rows::add);
    for (Row row : rows) {
      out.collect((RowData) converter.toInternal(row));
    }
  }

  @Override
  public boolean isEndOfStream(RowData next) {
    return false;
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return type;
  }
}
