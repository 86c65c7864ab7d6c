// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.SupportsPostCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.lineage.LineageVertex;
import org.apache.flink.streaming.api.lineage.LineageVertexProvider;

/**
 * Flink's Kafka sink, but for how its writer ends, {@link QuietlyClosedWriter}.
 *
 * <p>Its states have the form of Flink's, so a checkpoint of either can be restored by the other.
 */
public class QuietlyClosedSink<T>
    implements TwoPhaseCommittingStatefulSink<T, KafkaWriterState, KafkaCommittable>,
        SupportsPostCommitTopology<KafkaCommittable>,
        LineageVertexProvider {
  private static final long serialVersionUID = 1L;

  private final KafkaSink<T> sink;

  QuietlyClosedSink(KafkaSink<T> sink) {
    this.sink = sink;
  }

  /** Flink's sink, with a writer that can be closed. */
  public static <T> QuietlyClosedSink<T> of(KafkaSink<T> sink) {
    return new QuietlyClosedSink<>(sink);
  }

  /**
   * Makes a sink without transactions: a record is there once or more often.
   *
   * @param serializer records of the topic
   * @param properties of Kafka's producers
   */
  public static <T> QuietlyClosedSink<T> atLeastOnce(
      KafkaRecordSerializationSchema<T> serializer, Map<String, String> properties) {
    Properties producer = new Properties();
    producer.putAll(properties);
    return of(
        KafkaSink.<T>builder()
            .setBootstrapServers(properties.get(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG))
            .setKafkaProducerConfig(producer)
            .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
            .setRecordSerializer(serializer)
            .build());
  }

  @Override
  public PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> createWriter(
      WriterInitContext context) throws IOException {
    return new QuietlyClosedWriter<>(flinks().createWriter(context), transactions(context));
  }

  @Override
  public PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> restoreWriter(
      WriterInitContext context, Collection<KafkaWriterState> states) throws IOException {
    return new QuietlyClosedWriter<>(
        flinks().restoreWriter(context, states), transactions(context));
  }

  /** What is told of the transactions of a writer; null if it has none. */
  OpenTransactions transactions(WriterInitContext context) {
    return null;
  }

  /** By its interface: the class of its writer is not public. */
  private TwoPhaseCommittingStatefulSink<T, KafkaWriterState, KafkaCommittable> flinks() {
    return sink;
  }

  @Override
  public Committer<KafkaCommittable> createCommitter(CommitterInitContext context)
      throws IOException {
    return flinks().createCommitter(context);
  }

  @Override
  public SimpleVersionedSerializer<KafkaCommittable> getCommittableSerializer() {
    return sink.getCommittableSerializer();
  }

  @Override
  public SimpleVersionedSerializer<KafkaWriterState> getWriterStateSerializer() {
    return sink.getWriterStateSerializer();
  }

  @Override
  public void addPostCommitTopology(DataStream<CommittableMessage<KafkaCommittable>> committables) {
    sink.addPostCommitTopology(committables);
  }

  @Override
  public LineageVertex getLineageVertex() {
    return sink.getLineageVertex();
  }
}
