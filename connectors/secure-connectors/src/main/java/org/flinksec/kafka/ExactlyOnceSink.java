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
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.SupportsPostCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.lineage.LineageVertex;
import org.apache.flink.streaming.api.lineage.LineageVertexProvider;

/**
 * Flink's Kafka sink in transactions, but for who commits them, {@link ExactlyOnceCommitter}, and
 * how its writer ends, {@link QuietlyClosedWriter}.
 *
 * <p>Its states have the form of Flink's, so a checkpoint of either can be restored by the other.
 */
public final class ExactlyOnceSink<T>
    implements TwoPhaseCommittingStatefulSink<T, KafkaWriterState, KafkaCommittable>,
        SupportsPostCommitTopology<KafkaCommittable>,
        LineageVertexProvider {
  private static final long serialVersionUID = 1L;

  private final KafkaSink<T> sink;
  private final Properties producerProperties;
  private final String transactionalIdPrefix;
  private final boolean reusesIds;
  private final String target;
  private final OnLostTransaction onLost;

  private ExactlyOnceSink(
      KafkaSink<T> sink,
      Properties producerProperties,
      String transactionalIdPrefix,
      boolean reusesIds,
      String target,
      OnLostTransaction onLost) {
    this.sink = sink;
    this.producerProperties = producerProperties;
    this.transactionalIdPrefix = transactionalIdPrefix;
    this.reusesIds = reusesIds;
    this.target = target;
    this.onLost = onLost;
  }

  /**
   * Makes a sink.
   *
   * @param serializer records of the topic
   * @param properties of Kafka's producers, {@code transaction.timeout.ms} among them
   * @param transactionalIdPrefix which no other sink has
   * @param naming {@code incrementing} or {@code pooling}, a {@link TransactionNamingStrategy}
   * @param onLost an {@link OnLostTransaction}, in lower case
   * @param topic that all records go to, or null if it is chosen for each; pooling takes one
   */
  public static <T> ExactlyOnceSink<T> of(
      KafkaRecordSerializationSchema<T> serializer,
      Map<String, String> properties,
      String transactionalIdPrefix,
      String naming,
      String onLost,
      String topic) {
    Properties producer = new Properties();
    producer.putAll(properties);
    producer.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
    producer.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
    boolean reusesIds = naming.equals("pooling");
    KafkaSink<T> sink =
        KafkaSink.<T>builder()
            .setBootstrapServers(properties.get(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG))
            .setKafkaProducerConfig(withoutSerializers(producer))
            .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
            .setTransactionalIdPrefix(transactionalIdPrefix)
            .setTransactionNamingStrategy(
                reusesIds
                    ? TransactionNamingStrategy.POOLING
                    : TransactionNamingStrategy.INCREMENTING)
            .setRecordSerializer(reusesIds ? new NamedTopics<>(serializer, topic) : serializer)
            .build();
    return new ExactlyOnceSink<>(
        sink,
        producer,
        transactionalIdPrefix,
        reusesIds,
        topic == null ? "Kafka" : "the Kafka topic " + topic,
        OnLostTransaction.of(onLost));
  }

  /** Flink's builder sets them, and warns if another does. */
  private static Properties withoutSerializers(Properties producer) {
    Properties rest = new Properties();
    rest.putAll(producer);
    rest.remove(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG);
    rest.remove(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG);
    return rest;
  }

  @Override
  public PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> createWriter(
      WriterInitContext context) throws IOException {
    return new QuietlyClosedWriter<>(flinks().createWriter(context));
  }

  @Override
  public PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> restoreWriter(
      WriterInitContext context, Collection<KafkaWriterState> states) throws IOException {
    return new QuietlyClosedWriter<>(flinks().restoreWriter(context, states));
  }

  /** By its interface: the class of its writer is not public. */
  private TwoPhaseCommittingStatefulSink<T, KafkaWriterState, KafkaCommittable> flinks() {
    return sink;
  }

  @Override
  public Committer<KafkaCommittable> createCommitter(CommitterInitContext context) {
    return new ExactlyOnceCommitter(
        producerProperties, transactionalIdPrefix, reusesIds, target, onLost, context);
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
