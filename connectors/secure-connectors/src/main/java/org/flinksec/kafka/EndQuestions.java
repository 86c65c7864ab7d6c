// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.Consumer;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.KafkaException;
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
 * not count yet: what producers have kept meanwhile needs time to come. Topics that the brokers
 * list no more are gone: there is nothing to wait for.
 */
final class EndQuestions {
  /** Told as the end of a partition whose topic is gone. */
  static final long GONE = -1;

  private static final Logger LOG = LoggerFactory.getLogger(EndQuestions.class);
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final long FIRST_PAUSE = Duration.ofSeconds(1).toNanos();
  private static final long LAST_PAUSE = Duration.ofMinutes(1).toNanos();

  /** A broker that has just started may list less than there is, for a moment. */
  private static final long UNTIL_GONE = Duration.ofSeconds(5).toNanos();

  private enum Absence {
    NONE,
    ONCE,
    GONE
  }

  private final Consumer<?, ?> consumer;
  private final LongSupplier nanos;

  /** Topics of which some were asked about together, and nothing was told. */
  private final Set<String> suspects = new LinkedHashSet<>();

  /** Topics that failed by themselves, the one that was asked about last at the end. */
  private final Map<String, Absence> failing = new LinkedHashMap<>();

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
    Map<String, List<TopicPartition>> byTopic = new LinkedHashMap<>();
    partitions.forEach(
        one -> byTopic.computeIfAbsent(one.topic(), topic -> new ArrayList<>()).add(one));
    Set<String> unanswered = Set.copyOf(suspects);
    askTogether(partitions, ends);
    if (askEachSuspect(byTopic, unanswered, ends)) {
      askTheFailing(byTopic);
    }
    failing.forEach(
        (topic, absence) -> {
          if (absence == Absence.GONE) {
            byTopic.getOrDefault(topic, List.of()).forEach(one -> ends.put(one, GONE));
          }
        });
    return ends;
  }

  private void askTogether(Collection<TopicPartition> partitions, Map<TopicPartition, Long> ends) {
    List<TopicPartition> sound = new ArrayList<>();
    for (TopicPartition one : partitions) {
      if (!suspects.contains(one.topic()) && !failing.containsKey(one.topic())) {
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
    failing.put(topic, Absence.NONE);
    waitLonger();
  }

  private void askTheFailing(Map<String, List<TopicPartition>> byTopic) {
    if (failing.keySet().stream().noneMatch(byTopic::containsKey)
        || nanos.getAsLong() - nextAt < 0) {
      return;
    }
    Set<String> listed;
    try {
      listed = consumer.listTopics(PATIENCE).keySet();
    } catch (WakeupException | InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      waitLonger();
      return;
    }
    boolean fails = false;
    for (String topic : List.copyOf(failing.keySet())) {
      if (!listed.contains(topic)) {
        failing.compute(topic, (name, absence) -> longerAbsent(name, absence));
      } else if (byTopic.containsKey(topic) && !fails) {
        fails = !tells(byTopic.get(topic), new HashMap<>());
        failing.remove(topic);
        if (fails) {
          failing.put(topic, Absence.NONE);
        }
      } else {
        failing.put(topic, Absence.NONE);
      }
    }
    waitAfter(fails, byTopic.keySet());
  }

  /** Topics that nobody asks about now change nothing: they may have records all the time. */
  private void waitAfter(boolean fails, Set<String> asked) {
    Set<Absence> absences = EnumSet.noneOf(Absence.class);
    failing.forEach(
        (topic, absence) -> {
          if (asked.contains(topic)) {
            absences.add(absence);
          }
        });
    if (absences.contains(Absence.ONCE)) {
      nextAt = nanos.getAsLong() + UNTIL_GONE;
    } else if (fails) {
      waitLonger();
    } else {
      pause = FIRST_PAUSE;
      // Whether what is gone has come back is not urgent.
      nextAt = nanos.getAsLong() + (absences.contains(Absence.GONE) ? LAST_PAUSE : FIRST_PAUSE);
    }
  }

  private static Absence longerAbsent(String topic, Absence absence) {
    if (absence == Absence.ONCE) {
      LOG.warn(
          "Topic {} is gone: the brokers list it no more. It counts as read, and event time goes on"
              + " without it.",
          topic);
    }
    return absence == Absence.NONE ? Absence.ONCE : Absence.GONE;
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
