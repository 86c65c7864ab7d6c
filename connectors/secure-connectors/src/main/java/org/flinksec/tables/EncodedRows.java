// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.io.UncheckedIOException;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.connector.RuntimeConverter;
import org.apache.flink.table.connector.sink.DynamicTableSink.DataStructureConverter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.RowEncoder;

/** Writes the rows of a table by a format of records. */
final class EncodedRows implements SerializationSchema<RowData> {
  private static final long serialVersionUID = 1L;

  private final RowEncoder encoder;
  private final DataStructureConverter converter;

  /**
   * @param converter from the rows of the table to those of the encoder
   */
  EncodedRows(RowEncoder encoder, DataStructureConverter converter) {
    this.encoder = encoder;
    this.converter = converter;
  }

  @Override
  public void open(InitializationContext context) {
    converter.open(RuntimeConverter.Context.create(EncodedRows.class.getClassLoader()));
  }

  @Override
  public byte[] serialize(RowData row) {
    try {
      return encoder.write((Row) converter.toExternal(row));
    } catch (UnencodableException e) {
      throw new UncheckedIOException(e);
    }
  }
}
