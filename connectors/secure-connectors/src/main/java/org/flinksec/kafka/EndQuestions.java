// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.Consumer;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.KafkaException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.PartitionInfo;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.InterruptException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the brokers for the ends of partitions, so that those of one topic keep no others waiting.
 *
 * <p>Kafka's consumer answers for all that it is asked about or for nothing, and nothing is read
 * meanwhile. So all are asked about together; if that fails, topic by topic; and a topic that
 * failed by itself apart from the others, and less and less often. Its first answer after that does
 * not count yet: what producers have kept meanwhile needs time to come. Partitions that the brokers
 * list no more are gone, with their topic or because it was made anew with fewer: there is nothing
 * to wait for, and the others of the topic are asked about without them.
 */
final class EndQuestions {
  /** Told as the end of a partition that is gone. */
  static final long GONE = -1;

  private static final Logger LOG = LoggerFactory.getLogger(EndQuestions.class);
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final long FIRST_PAUSE = Duration.ofSeconds(1).toNanos();
  private static final long LAST_PAUSE = Duration.ofMinutes(1).toNanos();

  /** A broker that has just started may list less than there is, for a moment. */
  private static final long UNTIL_GONE = Duration.ofSeconds(5).toNanos();

  private final Consumer<?, ?> consumer;
  private final LongSupplier nanos;

  /** Topics of which some were asked about together, and nothing was told. */
  private final Set<String> suspects = new LinkedHashSet<>();

  /** Topics that failed by themselves, the one that was asked about last at the end. */
  private final Set<String> failing = new LinkedHashSet<>();

  /** Partitions that were not listed, and whether that was so twice: these are gone. */
  private final Map<TopicPartition, Boolean> absent = new HashMap<>();

  private long pause = FIRST_PAUSE;
  private long nextAt;

  EndQuestions(Consumer<?, ?> consumer, LongSupplier nanos) {
    this.consumer = consumer;
    this.nanos = nanos;
  }

  /**
   * Asks, for some seconds at most, be there however many topics.
   *
   * @return the ends; those that are not among them could not be asked about, or again only now
   * @throws WakeupException if somebody wants the thread
   */
  Map<TopicPartition, Long> ask(Collection<TopicPartition> partitions) {
    Map<TopicPartition, Long> ends = new HashMap<>();
    List<TopicPartition> there =
        partitions.stream().filter(one -> !absent.containsKey(one)).toList();
    Set<String> unanswered = Set.copyOf(suspects);
    askTogether(there, ends);
    if (askEachSuspect(byTopic(there), unanswered, ends)) {
      askTheFailing(byTopic(partitions));
    }
    for (TopicPartition one : partitions) {
      if (absent.getOrDefault(one, false)) {
        ends.put(one, GONE);
      }
    }
    return ends;
  }

  private static Map<String, List<TopicPartition>> byTopic(Collection<TopicPartition> partitions) {
    Map<String, List<TopicPartition>> topics = new LinkedHashMap<>();
    partitions.forEach(
        one -> topics.computeIfAbsent(one.topic(), topic -> new ArrayList<>()).add(one));
    return topics;
  }

  private void askTogether(Collection<TopicPartition> partitions, Map<TopicPartition, Long> ends) {
    List<TopicPartition> sound = new ArrayList<>();
    for (TopicPartition one : partitions) {
      if (!suspects.contains(one.topic()) && !failing.contains(one.topic())) {
        sound.add(one);
      }
    }
    if (sound.isEmpty() || tells(sound, ends)) {
      return;
    }
    Set<String> topics = new LinkedHashSet<>();
    sound.forEach(one -> topics.add(one.topic()));
    if (topics.size() > 1) {
      suspects.addAll(topics);
    } else {
      topics.forEach(this::fails);
    }
  }

  /** Returns false once one has failed, or many were slow: the others are asked the next time. */
  private boolean askEachSuspect(
      Map<String, List<TopicPartition>> byTopic,
      Set<String> unanswered,
      Map<TopicPartition, Long> ends) {
    long until = nanos.getAsLong() + PATIENCE.toNanos();
    Iterator<String> each = suspects.iterator();
    while (each.hasNext()) {
      String topic = each.next();
      List<TopicPartition> partitions = byTopic.get(topic);
      if (partitions == null) {
        continue;
      }
      if (nanos.getAsLong() - until >= 0) {
        return false;
      }
      boolean tells = tells(partitions, unanswered.contains(topic) ? new HashMap<>() : ends);
      each.remove();
      if (!tells) {
        fails(topic);
        return false;
      }
    }
    return true;
  }

  private void fails(String topic) {
    failing.add(topic);
    waitLonger();
  }

  private void askTheFailing(Map<String, List<TopicPartition>> byTopic) {
    Set<String> topics = new LinkedHashSet<>(failing);
    absent.keySet().forEach(one -> topics.add(one.topic()));
    topics.retainAll(byTopic.keySet());
    if (topics.isEmpty() || nanos.getAsLong() - nextAt < 0) {
      return;
    }
    Map<String, List<PartitionInfo>> listed;
    try {
      listed = consumer.listTopics(PATIENCE);
    } catch (WakeupException | InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      waitLonger();
      return;
    }
    nextAt = nanos.getAsLong() + UNTIL_GONE; // for whoever is woken in what follows
    boolean fails = false;
    for (String topic : topics) {
      List<TopicPartition> again = toAskAgain(topic, byTopic.get(topic), listed.get(topic));
      if (again.isEmpty()) {
        failing.remove(topic);
        continue;
      }
      failing.add(topic); // so that the first answer does not count for who was absent, either
      if (!fails) {
        fails = !tells(again, new HashMap<>());
        failing.remove(topic);
        if (fails) {
          failing.add(topic);
        }
      }
    }
    waitAfter(fails, byTopic.values());
  }

  /**
   * Looks which partitions of a topic there are.
   *
   * @return those that there are, and that failed or were absent until now
   */
  private List<TopicPartition> toAskAgain(
      String topic, List<TopicPartition> partitions, List<PartitionInfo> listed) {
    Set<Integer> there = new HashSet<>();
    if (listed != null) {
      listed.forEach(one -> there.add(one.partition()));
    }
    List<TopicPartition> again = new ArrayList<>();
    List<TopicPartition> gone = new ArrayList<>();
    for (TopicPartition one : partitions) {
      if (!failing.contains(topic) && !absent.containsKey(one)) {
        continue; // it has just been told
      }
      if (there.contains(one.partition())) {
        absent.remove(one);
        again.add(one);
      } else if (Boolean.FALSE.equals(absent.put(one, absent.containsKey(one)))) {
        gone.add(one);
      }
    }
    if (!gone.isEmpty()) {
      warnOf(topic, gone, listed == null);
    }
    return again;
  }

  private static void warnOf(String topic, List<TopicPartition> gone, boolean all) {
    LOG.warn(
        "{} is gone: the brokers list it no more. It counts as read, and event time goes on without"
            + " it.",
        all ? "Topic " + topic : "Of topic " + topic + ", which was made anew, " + gone);
  }

  /** Topics that nobody asks about now change nothing: they may have records all the time. */
  private void waitAfter(boolean fails, Collection<List<TopicPartition>> asked) {
    Set<Boolean> absences = new HashSet<>();
    asked.forEach(topic -> topic.forEach(one -> absences.add(absent.get(one))));
    if (absences.contains(false)) {
      nextAt = nanos.getAsLong() + UNTIL_GONE;
    } else if (fails) {
      waitLonger();
    } else {
      pause = FIRST_PAUSE;
      // Whether what is gone has come back is not urgent.
      nextAt = nanos.getAsLong() + (absences.contains(true) ? LAST_PAUSE : FIRST_PAUSE);
    }
  }

  private void waitLonger() {
    nextAt = nanos.getAsLong() + pause;
    pause = Math.min(2 * pause, LAST_PAUSE);
  }

  private boolean tells(Collection<TopicPartition> partitions, Map<TopicPartition, Long> ends) {
    try {
      ends.putAll(consumer.endOffsets(partitions, PATIENCE));
      return true;
    } catch (WakeupException | InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      return false; // polls tell of faults that do not pass
    }
  }
}
