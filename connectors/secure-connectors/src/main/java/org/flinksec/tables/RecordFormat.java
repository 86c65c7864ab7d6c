// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.utils.TypeConversions;
import org.flinksec.formats.RowDecoder;
import org.flinksec.formats.RowEncoder;
import org.flinksec.rows.TableTypes;

/**
 * A format of records, as Flink's tables read and write it: between them are rows of the classes
 * that Flink converts the columns to.
 *
 * @param decoders what it reads with
 * @param encoders what it writes with
 * @param kinds of rows that it has
 */
record RecordFormat(RowDecoder.Factory decoders, RowEncoder.Factory encoders, ChangelogMode kinds)
    implements DecodingFormat<DeserializationSchema<RowData>>,
        EncodingFormat<SerializationSchema<RowData>> {

  /**
   * @throws IllegalArgumentException if the format has no form for a column
   */
  @Override
  public DeserializationSchema<RowData> createRuntimeDecoder(
      DynamicTableSource.Context context, DataType columns) {
    DataType rows = TypeConversions.fromLogicalToDataType(columns.getLogicalType());
    return new DecodedRows(
        decoders.of(TableTypes.columns(rows), Set.of()),
        context.createDataStructureConverter(rows),
        context.createTypeInformation(columns));
  }

  /**
   * @throws IllegalArgumentException if the format has no form for a column
   */
  @Override
  public SerializationSchema<RowData> createRuntimeEncoder(
      DynamicTableSink.Context context, DataType columns) {
    DataType rows = TypeConversions.fromLogicalToDataType(columns.getLogicalType());
    return new EncodedRows(
        encoders.of(TableTypes.columns(rows)), context.createDataStructureConverter(rows));
  }

  @Override
  public ChangelogMode getChangelogMode() {
    return kinds;
  }
}
