// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.PartitionInfo;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.TimeoutException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.WakeupException;
import org.apache.flink.util.clock.ManualClock;

/** Answers for all topics or for none, as Kafka's own does; a failure takes a second. */
final class Brokers extends MockConsumer<byte[], byte[]> {
  final Set<String> away = new HashSet<>();
  final Set<String> listed;
  final Set<TopicPartition> missing = new HashSet<>();
  final List<Set<String>> asked = new ArrayList<>();
  Duration answersAfter = Duration.ZERO;
  boolean wakes;
  int failed;
  int lists;

  private final ManualClock clock;

  /** Of topics with two partitions each. */
  Brokers(ManualClock clock, String... topics) {
    super("none");
    this.clock = clock;
    listed = new TreeSet<>(Set.of(topics));
  }

  @Override
  public Map<TopicPartition, Long> endOffsets(
      Collection<TopicPartition> partitions, Duration patience) {
    if (wakes) {
      throw new WakeupException();
    }
    asked.add(
        partitions.stream()
            .map(TopicPartition::topic)
            .collect(Collectors.toCollection(TreeSet::new)));
    if (!partitions.stream().allMatch(this::answers)
        || answersAfter.multipliedBy(partitions.size()).compareTo(patience) > 0) {
      clock.advanceTime(patience);
      failed++;
      throw new TimeoutException();
    }
    clock.advanceTime(answersAfter.multipliedBy(partitions.size()));
    return partitions.stream().collect(Collectors.toMap(one -> one, one -> 7L));
  }

  private boolean answers(TopicPartition one) {
    return !away.contains(one.topic()) && listed.contains(one.topic()) && !missing.contains(one);
  }

  @Override
  public Map<String, List<PartitionInfo>> listTopics(Duration patience) {
    lists++;
    Map<String, List<PartitionInfo>> found = new HashMap<>();
    for (String topic : listed) {
      found.put(
          topic,
          IntStream.range(0, 2)
              .filter(one -> !missing.contains(new TopicPartition(topic, one)))
              .mapToObj(one -> new PartitionInfo(topic, one, null, null, null))
              .toList());
    }
    return found;
  }
}
