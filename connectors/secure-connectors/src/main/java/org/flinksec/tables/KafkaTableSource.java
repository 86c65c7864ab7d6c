// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.SourceTransformation;
import org.apache.flink.streaming.connectors.kafka.table.KafkaDynamicSource;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.connector.source.abilities.SupportsWatermarkPushDown;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.Either;
import org.apache.flink.types.RowKind;
import org.flinksec.badrecords.OnBadRecord;
import org.flinksec.kafka.FinishingSource;
import org.flinksec.kafka.LosslessSource;
import org.flinksec.timestamps.IdleOnceRead;

/** Flink's source of a Kafka table, which ends where it is bounded, and tells of bad records. */
final class KafkaTableSource
    implements ScanTableSource, SupportsReadingMetadata, SupportsWatermarkPushDown {
  private static final String UID = "kafka";
  private static final String SCHEMA = "deserializationSchema";

  private final KafkaDynamicSource flinks;
  private final BadRows bad;
  private final DataType physical;

  KafkaTableSource(DynamicTableSource flinks, BadRows bad, DataType physical) {
    this.flinks = (KafkaDynamicSource) flinks;
    this.bad = bad;
    this.physical = physical;
  }

  @Override
  public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
    DataStreamScanProvider made = (DataStreamScanProvider) flinks.getScanRuntimeProvider(context);
    return new DataStreamScanProvider() {
      @Override
      public DataStream<RowData> produceDataStream(
          ProviderContext providers, StreamExecutionEnvironment environment) {
        return produce(made.produceDataStream(name -> Optional.empty(), environment), providers);
      }

      @Override
      public boolean isBounded() {
        return made.isBounded();
      }

      @Override
      public Optional<Integer> getParallelism() {
        return made.getParallelism();
      }
    };
  }

  /** Takes Flink's source out of a stream that nothing has been attached to, and changes it. */
  private DataStream<RowData> produce(DataStream<RowData> stream, ProviderContext providers) {
    SourceTransformation<RowData, ?, ?> made =
        (SourceTransformation<RowData, ?, ?>) stream.getTransformation();
    KafkaSource<RowData> source = (KafkaSource<RowData>) made.getSource();
    WatchedRecords watched = watched(source);
    StreamExecutionEnvironment environment = stream.getExecutionEnvironment();
    WatermarkStrategy<RowData> watermarks = IdleOnceRead.of(made.getWatermarkStrategy());
    if (bad.onError() == OnBadRecord.DEAD_LETTER) {
      Fields.set(source, SCHEMA, new RowsAndLetters(watched));
      DataStreamSource<Either<RowData, byte[]>> mixed =
          from(environment, cast(source), new RowWatermarks(watermarks), made.getName());
      providers.generateUid(UID).ifPresent(mixed::uid);
      DataStream<RowData> rows = RowsAndLetters.rows(mixed, watched.getProducedType());
      providers.generateUid(UID + "-rows").ifPresent(rows.getTransformation()::setUid);
      bad.letters().add(bad.cluster(), RowsAndLetters.letters(rows));
      return rows;
    }
    Fields.set(source, SCHEMA, watched);
    DataStreamSource<RowData> changed = from(environment, source, watermarks, made.getName());
    providers.generateUid(UID).ifPresent(changed::uid);
    return changed;
  }

  private static <T> DataStreamSource<T> from(
      StreamExecutionEnvironment environment,
      KafkaSource<T> source,
      WatermarkStrategy<T> watermarks,
      String name) {
    LosslessSource<T> lossless = LosslessSource.of(source);
    return lossless.getBoundedness() == Boundedness.BOUNDED
        ? environment.fromSource(FinishingSource.of(lossless), watermarks, name)
        : environment.fromSource(lossless, watermarks, name);
  }

  @SuppressWarnings("unchecked") // its schema makes them
  private static KafkaSource<Either<RowData, byte[]>> cast(KafkaSource<?> source) {
    return (KafkaSource<Either<RowData, byte[]>>) source;
  }

  @SuppressWarnings("unchecked") // of a source of rows
  private WatchedRecords watched(KafkaSource<RowData> source) {
    KafkaRecordDeserializationSchema<RowData> schema =
        Fields.get(source, SCHEMA, KafkaRecordDeserializationSchema.class);
    Watched key = watch(schema, "keyDeserialization", "key");
    Watched value = watch(schema, "valueDeserialization", "value");
    return new WatchedRecords(
        schema,
        key,
        value,
        NotNull.of(physical.getLogicalType()),
        getChangelogMode().containsOnly(RowKind.INSERT),
        bad.onError(),
        bad.mostSkipped());
  }

  @SuppressWarnings("unchecked") // of a source of rows
  private static Watched watch(Object schema, String field, String part) {
    DeserializationSchema<RowData> format = Fields.get(schema, field, DeserializationSchema.class);
    if (format == null) {
      return null;
    }
    Watched watched = new Watched(format, part);
    Fields.set(schema, field, watched);
    return watched;
  }

  @Override
  public ChangelogMode getChangelogMode() {
    return flinks.getChangelogMode();
  }

  @Override
  public Map<String, DataType> listReadableMetadata() {
    return flinks.listReadableMetadata();
  }

  @Override
  public void applyReadableMetadata(List<String> keys, DataType produced) {
    flinks.applyReadableMetadata(keys, produced);
  }

  @Override
  public boolean supportsMetadataProjection() {
    return flinks.supportsMetadataProjection();
  }

  @Override
  public void applyWatermark(WatermarkStrategy<RowData> watermarks) {
    flinks.applyWatermark(watermarks);
  }

  @Override
  public DynamicTableSource copy() {
    return new KafkaTableSource(flinks.copy(), bad, physical);
  }

  @Override
  public String asSummaryString() {
    return flinks.asSummaryString();
  }
}
