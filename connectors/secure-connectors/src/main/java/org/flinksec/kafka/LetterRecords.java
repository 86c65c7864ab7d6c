// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.Header;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.internals.RecordHeader;
import org.flinksec.badrecords.Letter;
import org.flinksec.badrecords.Original;

/** Dead letters as records of Kafka, and the records that they hold. */
public final class LetterRecords {
  private LetterRecords() {}

  /** A record as it was read. */
  public static Original original(ConsumerRecord<byte[], byte[]> record) {
    List<Original.Header> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      headers.add(new Original.Header(header.key(), header.value()));
    }
    return new Original(
        record.topic(),
        record.partition(),
        record.offset(),
        record.timestamp(),
        record.key(),
        record.value(),
        headers);
  }

  /**
   * The record for a topic of dead letters.
   *
   * @param headers all of them, the record's own included
   */
  static ProducerRecord<byte[], byte[]> of(
      String topic, Letter letter, List<Original.Header> headers) {
    Original held = letter.original();
    long timestamp = held != null ? held.timestamp() : letter.timestamp();
    List<Header> all = new ArrayList<>();
    for (Original.Header header : headers) {
      all.add(new RecordHeader(header.name(), header.value()));
    }
    return new ProducerRecord<>(
        topic,
        null,
        timestamp < 0 ? null : timestamp,
        held != null ? held.key() : null,
        held != null ? held.value() : letter.element(),
        all);
  }
}
