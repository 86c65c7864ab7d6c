// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.ToIntFunction;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSink;
import org.apache.flink.streaming.api.transformations.SinkTransformation;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.sink.DataStreamSinkProvider;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.connector.sink.abilities.SupportsWritingMetadata;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.flinksec.kafka.ExactlyOnceSink;
import org.flinksec.kafka.QuietlyClosedSink;

/**
 * Flink's sink of a Kafka table, committed by the committer of streams, with transactional ids that
 * no other sink has.
 *
 * <p>Two statements may write to one table, and several tables to one topic: the ids are given when
 * the planner asks for what runs, once for each of them.
 */
final class KafkaTableSink implements DynamicTableSink, SupportsWritingMetadata {
  private static final String WRAPPED = "wrappedSink";
  private static final String SERIALIZER = "recordSerializer";
  private static final String PROPERTIES = "kafkaProducerConfig";

  private final KafkaOptions options;
  private final ToIntFunction<String> numbers;
  private final DynamicTableSink flinks;
  private List<String> metadata;
  private DataType consumed;

  /**
   * @param numbers gives the number of one sink more to a topic
   */
  KafkaTableSink(KafkaOptions options, ToIntFunction<String> numbers) {
    this.options = options;
    this.numbers = numbers;
    // For what the planner asks before; also refuses options that do not fit.
    this.flinks = options.sink();
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    DynamicTableSink made = options.sink();
    if (metadata != null) {
      ((SupportsWritingMetadata) made).applyWritableMetadata(metadata, consumed);
    }
    SinkRuntimeProvider provider = made.getSinkRuntimeProvider(context);
    int number = numbers.applyAsInt(options.place());
    if (provider instanceof SinkV2Provider simple) {
      Sink<RowData> changed = changed(simple.createSink(), number);
      return SinkV2Provider.of(changed, simple.getParallelism().orElse(null));
    }
    return changed((DataStreamSinkProvider) provider, number);
  }

  /** The sink that keeps the last row of each key for a while wraps Kafka's when it is attached. */
  private DataStreamSinkProvider changed(DataStreamSinkProvider provider, int number) {
    return new DataStreamSinkProvider() {
      @Override
      public DataStreamSink<?> consumeDataStream(
          ProviderContext context, DataStream<RowData> stream) {
        DataStreamSink<?> end = provider.consumeDataStream(context, stream);
        Object buffering = ((SinkTransformation<?, ?>) end.getTransformation()).getSink();
        Sink<?> kafka = Fields.get(buffering, WRAPPED, Sink.class);
        Fields.set(buffering, WRAPPED, changed(kafka, number));
        return end;
      }

      @Override
      public Optional<Integer> getParallelism() {
        return provider.getParallelism();
      }
    };
  }

  @SuppressWarnings("unchecked") // of a sink of rows
  private Sink<RowData> changed(Sink<?> sink, int number) {
    KafkaSink<RowData> kafka = (KafkaSink<RowData>) sink;
    KafkaRecordSerializationSchema<RowData> quiet =
        new QuietRecords(
            Fields.get(kafka, SERIALIZER, KafkaRecordSerializationSchema.class), options.topic());
    if (!options.isExactlyOnce()) {
      Fields.set(kafka, SERIALIZER, quiet);
      return QuietlyClosedSink.of(kafka);
    }
    Map<String, String> properties = new HashMap<>();
    Fields.get(kafka, PROPERTIES, Properties.class)
        .forEach((name, value) -> properties.put((String) name, String.valueOf(value)));
    KafkaCluster cluster = options.cluster();
    return ExactlyOnceSink.of(
        quiet,
        properties,
        cluster.transactionalIds(options.topic(), number),
        cluster.naming(),
        cluster.onLost(),
        options.onlyTopic());
  }

  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    return flinks.getChangelogMode(requested);
  }

  @Override
  public Map<String, DataType> listWritableMetadata() {
    return ((SupportsWritingMetadata) flinks).listWritableMetadata();
  }

  @Override
  public void applyWritableMetadata(List<String> keys, DataType type) {
    ((SupportsWritingMetadata) flinks).applyWritableMetadata(keys, type); // which may refuse
    metadata = List.copyOf(keys);
    consumed = type;
  }

  @Override
  public DynamicTableSink copy() {
    KafkaTableSink copy = new KafkaTableSink(options, numbers);
    copy.metadata = metadata;
    copy.consumed = consumed;
    return copy;
  }

  @Override
  public String asSummaryString() {
    return flinks.asSummaryString();
  }
}
