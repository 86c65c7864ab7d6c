// SPDX-License-Identifier: Apache-2.0

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.formats.common.TimestampFormat;
import org.apache.flink.formats.csv.CsvRowDataDeserializationSchema;
import org.apache.flink.formats.csv.CsvRowDataSerializationSchema;
import org.apache.flink.formats.json.JsonFormatOptions;
import org.apache.flink.formats.json.debezium.DebeziumJsonDeserializationSchema;
import org.apache.flink.formats.json.debezium.DebeziumJsonSerializationSchema;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.apache.flink.util.SimpleUserCodeClassLoader;
import org.apache.flink.util.UserCodeClassLoader;
import org.flinksec.rows.Shape;

/** Flink's own formats of tables, which read and write the same rows as ours. */
final class FlinksFormats {
  private FlinksFormats() {}

  static FormatsPeer.Codec codec(String format, Shape shape, JsonNode options) throws Exception {
    DataType type = RowsInFlink.dataType(shape);
    RowType rowType = (RowType) type.getLogicalType();
    InternalTypeInfo<RowData> info = InternalTypeInfo.of(rowType);
    DeserializationSchema<RowData> reader;
    SerializationSchema<RowData> writer;
    if (format.equals("flink-csv")) {
      CsvRowDataDeserializationSchema.Builder reading =
          new CsvRowDataDeserializationSchema.Builder(rowType, info)
              .setFieldDelimiter(options.path("delimiter").asText(",").charAt(0));
      CsvRowDataSerializationSchema.Builder writing =
          new CsvRowDataSerializationSchema.Builder(rowType)
              .setFieldDelimiter(options.path("delimiter").asText(",").charAt(0));
      if (options.has("null")) {
        reading.setNullLiteral(options.get("null").asText());
        writing.setNullLiteral(options.get("null").asText());
      }
      reader = reading.build();
      writer = writing.build();
    } else {
      reader =
          new DebeziumJsonDeserializationSchema(
              type,
              List.of(),
              info,
              options.path("schema").asBoolean(),
              false,
              TimestampFormat.ISO_8601);
      writer =
          new DebeziumJsonSerializationSchema(
              rowType,
              TimestampFormat.ISO_8601,
              JsonFormatOptions.MapNullKeyMode.FAIL,
              "null",
              true,
              false);
    }
    reader.open(new Opening());
    writer.open(new Opening());
    return new FormatsPeer.Codec() {
      @Override
      public List<Row> read(byte[] value) throws Exception {
        List<Row> rows = new ArrayList<>();
        reader.deserialize(
            value,
            new Collector<RowData>() {
              @Override
              public void collect(RowData row) {
                rows.add(RowsInFlink.external(row, shape));
              }

              @Override
              public void close() {}
            });
        return rows;
      }

      @Override
      public byte[] write(Row row) throws Exception {
        return writer.serialize((RowData) RowsInFlink.internal(row, shape));
      }

      @Override
      public Shape shape() {
        return shape;
      }
    };
  }

  private static final class Opening
      implements DeserializationSchema.InitializationContext,
          SerializationSchema.InitializationContext {
    @Override
    public MetricGroup getMetricGroup() {
      return new UnregisteredMetricsGroup();
    }

    @Override
    public UserCodeClassLoader getUserCodeClassLoader() {
      return SimpleUserCodeClassLoader.create(FlinksFormats.class.getClassLoader());
    }
  }
}
