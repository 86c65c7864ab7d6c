// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.Letter;
import org.flinksec.badrecords.Original;
import org.flinksec.badrecords.Traceable;

/**
 * What has arrived from Kafka: a row and the record that it was read from, or a dead letter. It
 * does not change, but for the row, which is its reader's.
 */
final class Arrival implements Traceable {
  private final Row row;
  private final byte[] letter;
  private final ConsumerRecord<byte[], byte[]> record;
  private Original original;

  /** A row, and what it was read from. */
  Arrival(Row row, ConsumerRecord<byte[], byte[]> record) {
    this.row = row;
    this.letter = null;
    this.record = record;
  }

  /** A row after a way by network. */
  Arrival(Row row, Original original) {
    this.row = row;
    this.letter = null;
    this.record = null;
    this.original = original;
  }

  /** A letter, as {@link Letter#toBytes} made it. */
  Arrival(byte[] letter) {
    this.row = null;
    this.letter = letter;
    this.record = null;
  }

  /** Null if this is a letter. */
  Row row() {
    return row;
  }

  /** Null if this is a row. */
  byte[] letter() {
    return letter;
  }

  @Override
  public Original original() {
    if (original == null) {
      original = LetterRecords.original(record);
    }
    return original;
  }
}
