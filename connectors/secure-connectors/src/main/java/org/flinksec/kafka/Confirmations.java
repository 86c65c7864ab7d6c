// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.Consumer;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.WakeupException;
import org.flinksec.kafka.RecordsAndFindings.Findings;
import org.flinksec.timestamps.Parts;

/**
 * Finds after each fetch which of the partitions that bring nothing have been read to their end.
 *
 * <p>The brokers are asked once a second, and only about partitions that have brought no row for as
 * long as what is idle brings none, or that they did not answer for.
 *
 * <p>A partition has been read when its position has reached the end that was told last, and
 * nothing beyond is known of. Where something comes all the time that brings no rows, that is so
 * after most fetches; the end of this very moment would hardly ever be reached.
 */
final class Confirmations {
  private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  private final Consumer<?, ?> consumer;
  private final Predicate<TopicPartition> hasMore;
  private final Parts partitions;
  private final LongSupplier nanos;
  private final EndQuestions questions;
  private final Map<TopicPartition, Long> told = new HashMap<>();
  private final Map<TopicPartition, Long> read = new HashMap<>();

  /** Those without an answer: whoever asked about them only when quiet would hardly get one. */
  private final Set<TopicPartition> unknown = new HashSet<>();

  private volatile long askedAt;

  /**
   * Asks by a consumer.
   *
   * @param hasMore whether the last answer to a fetch had more of a partition
   * @param partitions say which are quiet
   */
  Confirmations(
      Consumer<?, ?> consumer,
      Predicate<TopicPartition> hasMore,
      Parts partitions,
      LongSupplier nanos) {
    this.consumer = consumer;
    this.hasMore = hasMore;
    this.partitions = partitions;
    this.nanos = nanos;
    questions = new EndQuestions(consumer, nanos);
    askedAt = nanos.getAsLong() - PAUSE_NANOS;
  }

  /** Whether it is time to ask; any thread may call it. */
  boolean areDue() {
    return nanos.getAsLong() - askedAt >= PAUSE_NANOS;
  }

  /** To be called after each fetch, by the thread that fetches. */
  Findings find() {
    Findings found = new Findings();
    forgetWhatHasMoved(found);
    if (areDue()) {
      // What was told is true for so long.
      told.clear();
      ask(found);
    }
    findWhatHasBeenRead(found);
    return found;
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

  private void ask(Findings found) {
    unknown.retainAll(consumer.assignment());
    Collection<TopicPartition> asked =
        consumer.assignment().stream()
            .filter(one -> unknown.contains(one) || partitions.isQuiet(id(one)))
            .toList();
    Map<TopicPartition, Long> ends;
    try {
      ends = asked.isEmpty() ? Map.of() : questions.ask(asked);
    } catch (WakeupException e) {
      return; // somebody wants this thread, and there was no answer yet
    }
    askedAt = nanos.getAsLong();
    told.putAll(ends);
    for (TopicPartition one : asked) {
      if (!ends.containsKey(one)) {
        unknown.add(one);
        isUnknown(one, found);
      } else if (unknown.remove(one)) {
        // What producers kept meanwhile has time to come: from now on, and not once more for
        // each answer that was missed.
        isUnknown(one, found);
      } else if (read.remove(one) != null && !hasBeenRead(one)) {
        found.more().add(id(one));
      }
    }
  }

  private void isUnknown(TopicPartition one, Findings found) {
    told.remove(one);
    read.remove(one);
    found.unknown().add(id(one));
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
    return end == EndQuestions.GONE || position(one) >= end && !hasMore.test(one);
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
}
