// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import java.lang.reflect.Field;
import java.util.Properties;
import java.util.function.Supplier;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.SourceReaderBase;
import org.apache.flink.connector.base.source.reader.fetcher.SplitFetcherManager;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.metrics.KafkaSourceReaderMetrics;
import org.apache.flink.connector.kafka.source.reader.KafkaPartitionSplitReader;
import org.apache.flink.connector.kafka.source.reader.KafkaSourceReader;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.internals.SubscriptionState;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.IsolationLevel;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;
import org.flinksec.kafka.RecordsAndFindings.Findings;
import org.flinksec.timestamps.Parts;

/**
 * Flink's reader of partitions, which asks the brokers whether quiet ones have been read to their
 * end.
 *
 * <p>What is found goes with the records that it was found beside, so that it is told when these
 * have been handed over: until then they wait in a queue.
 */
final class ConfirmingReader extends KafkaPartitionSplitReader {
  private final Parts partitions;
  private final SubscriptionState known;
  private final Confirmations confirmations;
  private volatile boolean polls;

  @SuppressWarnings("unchecked") // of a reader of bytes
  private ConfirmingReader(
      Properties properties,
      SourceReaderContext context,
      KafkaSourceReaderMetrics metrics,
      String rack,
      Parts partitions) {
    super(properties, context, metrics, rack);
    this.partitions = partitions;
    KafkaConsumer<byte[], byte[]> consumer =
        (KafkaConsumer<byte[], byte[]>)
            get(KafkaPartitionSplitReader.class, "consumer", this, KafkaConsumer.class);
    Object delegate = get(KafkaConsumer.class, "delegate", consumer, Object.class);
    known = get(delegate.getClass(), "subscriptions", delegate, SubscriptionState.class);
    confirmations = new Confirmations(consumer, this::hasMore, partitions, System::nanoTime);
    partitions.whenQuiet(this::wakeToAsk);
  }

  /**
   * Has a reader of Flink's read partitions by this one.
   *
   * @param source Flink's, of which the reader is
   * @param reader just made; it is changed
   * @param partitions are told what is found
   */
  static <T> SourceReader<T, KafkaPartitionSplit> in(
      KafkaSource<T> source,
      SourceReader<T, KafkaPartitionSplit> reader,
      SourceReaderContext context,
      Parts partitions) {
    Properties properties = get(KafkaSource.class, "props", source, Properties.class);
    Supplier<?> rack = get(KafkaSource.class, "rackIdSupplier", source, Supplier.class);
    KafkaSourceReaderMetrics metrics =
        get(
            KafkaSourceReader.class,
            "kafkaSourceReaderMetrics",
            reader,
            KafkaSourceReaderMetrics.class);
    Object fetchers = get(SourceReaderBase.class, "splitFetcherManager", reader, Object.class);
    Supplier<KafkaPartitionSplitReader> ours =
        () ->
            new ConfirmingReader(
                properties,
                context,
                metrics,
                rack == null ? null : (String) rack.get(),
                partitions);
    try {
      field(SplitFetcherManager.class, "splitReaderFactory").set(fetchers, ours);
    } catch (ReflectiveOperationException e) {
      throw unknown(e);
    }
    return reader;
  }

  @Override
  public RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> fetch() throws IOException {
    RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> records;
    polls = true;
    try {
      records = super.fetch();
    } finally {
      polls = false;
    }
    Findings found = confirmations.find();
    return found.isEmpty() ? records : new RecordsAndFindings<>(records, partitions, found);
  }

  /** In a poll it would not come to ask for ten seconds; called by the thread of the task. */
  private void wakeToAsk() {
    if (polls && confirmations.areDue()) {
      wakeUp();
    }
  }

  /** Whether the last answer had more: of an open transaction, too, whose records come at once. */
  private boolean hasMore(TopicPartition one) {
    Long unread = known.partitionLag(one, IsolationLevel.READ_UNCOMMITTED);
    return unread != null && unread > 0;
  }

  private static <F> F get(Class<?> type, String name, Object object, Class<F> of) {
    try {
      return of.cast(field(type, name).get(object));
    } catch (ReflectiveOperationException e) {
      throw unknown(e);
    }
  }

  private static Field field(Class<?> type, String name) throws NoSuchFieldException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  private static IllegalStateException unknown(ReflectiveOperationException cause) {
    return new IllegalStateException("another release of Flink's Kafka connector", cause);
  }
}
