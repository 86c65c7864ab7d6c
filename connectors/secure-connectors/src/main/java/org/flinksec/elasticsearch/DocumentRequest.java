// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.Serializable;

/** One document on its way, with what is known of its failures so far. */
final class DocumentRequest implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The envelope of one document in a bulk request, roughly. */
  private static final int ACTION_BYTES = 24;

  private final String id;
  private final byte[] json;
  private transient int failures;
  private transient long firstFailureNanos;

  /**
   * @param id null to let Elasticsearch choose one
   * @param json one JSON object in UTF-8 without a line feed
   */
  DocumentRequest(String id, byte[] json) {
    this.id = id;
    this.json = json;
  }

  String id() {
    return id;
  }

  byte[] json() {
    return json;
  }

  int sizeInBytes() {
    return json.length + ACTION_BYTES + (id == null ? 0 : id.length());
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
