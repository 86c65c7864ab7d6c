// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.Serializable;
import org.flinksec.badrecords.Original;

/** One document on its way, with what is known of its failures so far. */
final class DocumentRequest implements Serializable {
  private static final long serialVersionUID = 3L;

  /** The envelope of one document in a bulk request, roughly. */
  private static final int ACTION_BYTES = 24;

  private static final byte[] NOTHING = new byte[0];

  private final Address address;
  private final byte[] json;
  private final String key;
  private boolean letter;
  private transient Original original;
  private transient int failures;
  private transient long firstFailureNanos;

  /**
   * Where a document goes, and what is done there.
   *
   * @param operation what is done
   * @param index null for that of the sink
   * @param id null to let Elasticsearch choose one
   * @param routing null for that of the id
   * @param version one that the job gives; null for none
   */
  record Address(Operation operation, String index, String id, String routing, Long version)
      implements Serializable {}

  /**
   * @param json one JSON object in UTF-8 without a line feed; null for a deletion
   */
  DocumentRequest(Address address, byte[] json) {
    this.address = address;
    this.json = json == null ? NOTHING : json;
    String id = address.id();
    this.key = id == null || address.index() == null ? id : address.index() + '/' + id;
  }

  Address address() {
    return address;
  }

  String id() {
    return address.id();
  }

  /** What all requests for the same document have in common; null where none has its id. */
  String key() {
    return key;
  }

  Operation operation() {
    return address.operation();
  }

  /** Empty for a deletion. */
  byte[] json() {
    return json;
  }

  int sizeInBytes() {
    return json.length
        + ACTION_BYTES
        + length(address.id())
        + length(address.index())
        + length(address.routing());
  }

  private static int length(String text) {
    return text == null ? 0 : text.length();
  }

  /** The record of Kafka that it was made of; null where it is not known. */
  Original original() {
    return original;
  }

  DocumentRequest madeOf(Original record) {
    original = record;
    return this;
  }

  /** Whether it is a dead letter, for an index of its own. */
  boolean isLetter() {
    return letter;
  }

  DocumentRequest asLetter() {
    letter = true;
    return this;
  }

  /** Notes one more failure; how many there were before does not survive a restart. */
  void failed(long nowNanos) {
    if (failures++ == 0) {
      firstFailureNanos = nowNanos;
    }
  }

  int failures() {
    return failures;
  }

  /** The time since the first failure, in milliseconds. */
  long failingForMillis(long nowNanos) {
    return failures == 0 ? 0 : (nowNanos - firstFailureNanos) / 1_000_000;
  }
}
