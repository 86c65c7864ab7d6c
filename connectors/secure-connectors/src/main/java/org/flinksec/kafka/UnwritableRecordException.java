// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

/** A record cannot be written to a topic; the message says why, not what it holds. */
public final class UnwritableRecordException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String reason;

  public UnwritableRecordException(String topic, String reason) {
    super("a record for the Kafka topic %s cannot be written: %s".formatted(topic, reason));
    this.reason = reason;
  }

  /** What is wrong with it. */
  String reason() {
    return reason;
  }
}
