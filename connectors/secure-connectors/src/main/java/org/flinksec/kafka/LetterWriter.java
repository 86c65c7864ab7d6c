// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.metrics.MetricGroup;
import org.flinksec.badrecords.DeadLetterException;
import org.flinksec.badrecords.Letter;
import org.flinksec.badrecords.LetterBox;
import org.flinksec.badrecords.LetterPolicy;

/** Makes records of Kafka of dead letters. */
final class LetterWriter {
  private final LetterPolicy policy;
  private final LetterBox box;
  private final TopicLimits limits;

  /**
   * @param metrics those of the operator that writes the letters
   * @param task the number of its parallel instance, from 0
   * @param limits of the topics of the cluster
   */
  LetterWriter(LetterPolicy policy, MetricGroup metrics, int task, TopicLimits limits) {
    this.policy = policy;
    this.box = new LetterBox(policy, metrics, task);
    this.limits = limits;
  }

  /**
   * @throws DeadLetterException if there are too many letters, or this one is too large to be kept
   */
  ProducerRecord<byte[], byte[]> record(Letter letter) throws DeadLetterException {
    ProducerRecord<byte[], byte[]> record =
        LetterRecords.of(policy.topic(), letter, box.take(letter));
    String problem = limits.problem(record);
    if (problem != null) {
      throw new DeadLetterException(
          "a dead letter is too large for the topic %s: %s. It is about this: %s"
              .formatted(policy.topic(), problem, letter.badRecord().message()));
    }
    return record;
  }
}
