// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.flinksec.json.JsonDecodingException;

/** A Kafka record cannot be decoded; the message says which one and why, not what it holds. */
public final class UndecodableRecordException extends IOException {
  private static final long serialVersionUID = 1L;

  UndecodableRecordException(ConsumerRecord<?, ?> record, JsonDecodingException reason) {
    super(
        "the Kafka record at topic %s, partition %d, offset %d cannot be decoded: %s"
            .formatted(record.topic(), record.partition(), record.offset(), reason.getMessage()),
        reason);
  }

  /** The record that was one too many to be left out. */
  UndecodableRecordException(String tooMany, UndecodableRecordException last) {
    super(tooMany + last.getMessage(), last);
  }
}
