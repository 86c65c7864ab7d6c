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
 * Where partitions begin, with a group's offsets looked up once, when the job begins.
 *
 * <p>Flink leaves these to the consumer, which goes where offsets that are out of range go if the
 * group has none. Here such a partition begins at its earliest record, and nothing else does.
 */
final class StartingOffsets implements OffsetsInitializer {
  private static final long serialVersionUID = 1L;

  private final OffsetsInitializer flinks;

  StartingOffsets(OffsetsInitializer flinks) {
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
      ofTheGroup.forEach(one -> offsets.put(one, KafkaPartitionSplit.EARLIEST_OFFSET));
      offsets.putAll(retriever.committedOffsets(ofTheGroup));
    }
    return offsets;
  }

  @Override
  public OffsetResetStrategy getAutoOffsetResetStrategy() {
    return OffsetResetStrategy.NONE;
  }
}
