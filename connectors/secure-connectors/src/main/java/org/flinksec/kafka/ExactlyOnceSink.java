// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.time.Clock;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization.ByteArraySerializer;

/** A sink in transactions, which {@link ExactlyOnceCommitter} commits. */
public final class ExactlyOnceSink<T> extends QuietlyClosedSink<T> {
  private static final long serialVersionUID = 1L;

  /** An hour, as Flink's builder sets it where the properties do not say. */
  private static final String FLINKS_TIMEOUT = "3600000";

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
    super(sink);
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
  OpenTransactions transactions(WriterInitContext context) {
    OpenTransactions open = new OpenTransactions(Clock.systemUTC());
    String timeout =
        producerProperties.getProperty(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, FLINKS_TIMEOUT);
    open.show(context.metricGroup(), Long.parseLong(timeout));
    return open;
  }

  @Override
  public Committer<KafkaCommittable> createCommitter(CommitterInitContext context) {
    return new ExactlyOnceCommitter(
        producerProperties, transactionalIdPrefix, reusesIds, target, onLost, context);
  }
}
