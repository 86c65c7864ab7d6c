// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;

/**
 * Where partitions end, with a group's offsets looked up once, when the job begins.
 *
 * <p>Flink leaves these to the readers, which look them up anew after a restart. By then they are
 * those that the job itself has committed with its checkpoints, and it would end there.
 */
final class EndingOffsets implements OffsetsInitializer {
  private static final long serialVersionUID = 1L;

  private final OffsetsInitializer flinks;

  EndingOffsets(OffsetsInitializer flinks) {
    this.flinks = flinks;
  }

  @Override
  public Map<TopicPartition, Long> getPartitionOffsets(
      Collection<TopicPartition> partitions, PartitionOffsetsRetriever retriever) {
    Map<TopicPartition, Long> offsets =
        new HashMap<>(flinks.getPartitionOffsets(partitions, retriever));
    List<TopicPartition> ofTheGroup =
        partitions.stream()
            .filter(
                one -> Long.valueOf(KafkaPartitionSplit.COMMITTED_OFFSET).equals(offsets.get(one)))
            .toList();
    if (!ofTheGroup.isEmpty()) {
      Map<TopicPartition, Long> committed = retriever.committedOffsets(ofTheGroup);
      for (TopicPartition one : ofTheGroup) {
        Long end = committed.get(one);
        if (end == null) {
          throw new IllegalStateException(
              "%s ends at the offset of the consumer group, which has none of it".formatted(one));
        }
        offsets.put(one, end);
      }
    }
    return offsets;
  }

  @Override
  public OffsetResetStrategy getAutoOffsetResetStrategy() {
    return flinks.getAutoOffsetResetStrategy();
  }
}
