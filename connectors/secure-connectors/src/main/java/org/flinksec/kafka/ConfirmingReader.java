// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
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
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.WakeupException;
import org.flinksec.kafka.RecordsAndFindings.Findings;
import org.flinksec.timestamps.Parts;

/**
 * Flink's reader of partitions, which asks the brokers whether quiet ones have been read to their
 * end.
 *
 * <p>It asks once a second, and only about partitions that have brought no row for as long as what
 * is idle brings none. What it finds goes with the records that it was found beside, so that it is
 * told when these have been handed over: until then they wait in a queue.
 *
 * <p>A partition has been read when its position has reached the end that was told last, and
 * nothing beyond is known of. Where something comes all the time that brings no rows, that is so
 * after most fetches; the end of this very moment would hardly ever be reached.
 */
final class ConfirmingReader extends KafkaPartitionSplitReader {
  private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  private final Parts partitions;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final SubscriptionState known;
  private final EndQuestions questions;
  private final Map<TopicPartition, Long> told = new HashMap<>();
  private final Map<TopicPartition, Long> read = new HashMap<>();
  private volatile long askedAt = System.nanoTime() - PAUSE_NANOS;
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
    consumer =
        (KafkaConsumer<byte[], byte[]>)
            get(KafkaPartitionSplitReader.class, "consumer", this, KafkaConsumer.class);
    Object delegate = get(KafkaConsumer.class, "delegate", consumer, Object.class);
    known = get(delegate.getClass(), "subscriptions", delegate, SubscriptionState.class);
    questions = new EndQuestions(consumer, System::nanoTime);
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
    Findings found = new Findings();
    forgetWhatHasMoved(found);
    if (System.nanoTime() - askedAt >= PAUSE_NANOS) {
      // What was told is true for so long.
      told.clear();
      Collection<TopicPartition> quiet =
          consumer.assignment().stream().filter(one -> partitions.isQuiet(id(one))).toList();
      if (!quiet.isEmpty()) {
        ask(quiet, found);
      }
    }
    findWhatHasBeenRead(found);
    return found.isEmpty() ? records : new RecordsAndFindings<>(records, partitions, found);
  }

  /** In a poll it would not come to ask for ten seconds; called by the thread of the task. */
  private void wakeToAsk() {
    if (polls && System.nanoTime() - askedAt >= PAUSE_NANOS) {
      wakeUp();
    }
  }

  private void forgetWhatHasMoved(Findings found) {
    if (read.isEmpty()) {
      return;
    }
    read.keySet().retainAll(consumer.assignment());
    Iterator<Map.Entry<TopicPartition, Long>> each = read.entrySet().iterator();
    while (each.hasNext()) {
      Map.Entry<TopicPartition, Long> one = each.next();
      if (position(one.getKey()) != one.getValue()) {
        found.more().add(id(one.getKey()));
        each.remove();
      }
    }
  }

  private void ask(Collection<TopicPartition> quiet, Findings found) {
    Map<TopicPartition, Long> ends;
    try {
      ends = questions.ask(quiet);
    } catch (WakeupException e) {
      return; // somebody wants this thread, and there was no answer yet
    }
    askedAt = System.nanoTime();
    told.putAll(ends);
    for (TopicPartition one : quiet) {
      if (!ends.containsKey(one)) {
        read.remove(one);
        found.unknown().add(id(one));
      } else if (read.remove(one) != null && !hasBeenRead(one)) {
        found.more().add(id(one));
      }
    }
  }

  /** Those of which it was found already stay out: nothing was asked of them since. */
  private void findWhatHasBeenRead(Findings found) {
    told.keySet().retainAll(consumer.assignment());
    for (TopicPartition one : told.keySet()) {
      if (!read.containsKey(one) && hasBeenRead(one)) {
        read.put(one, position(one));
        found.read().add(id(one));
      }
    }
  }

  private boolean hasBeenRead(TopicPartition one) {
    long end = told.get(one);
    return end == EndQuestions.GONE || position(one) >= end && !hasMore(one);
  }

  /** Whether the last answer had more: of an open transaction, too, whose records come at once. */
  private boolean hasMore(TopicPartition one) {
    Long unread = known.partitionLag(one, IsolationLevel.READ_UNCOMMITTED);
    return unread != null && unread > 0;
  }

  private long position(TopicPartition one) {
    try {
      return consumer.position(one);
    } catch (WakeupException e) { // which is meant for a poll
      return consumer.position(one);
    }
  }

  private static String id(TopicPartition one) {
    return KafkaPartitionSplit.toSplitId(one);
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
