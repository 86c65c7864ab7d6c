// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.Arrays;
import org.flinksec.choices.Choices;

/** What is done with a document. The order is that of their bytes in checkpoints. */
enum Operation {
  /** It takes the place of the one with its id. */
  INDEX,
  /** It is written if there is none with its id; a data stream takes no other operation. */
  CREATE,
  /** Its fields change those of the one with its id, which must be there. */
  UPDATE,
  /** As an update, and it is the document if there is none. */
  UPSERT,
  /** The one with its id is deleted, if it is there. */
  DELETE;

  /** The word in arguments and in fields of records; null for a word of no operation. */
  static Operation of(String word) {
    return Arrays.stream(values()).filter(one -> one.word().equals(word)).findFirst().orElse(null);
  }

  String word() {
    return Choices.word(this);
  }

  boolean needsId() {
    return isUpdate() || this == DELETE;
  }

  boolean isUpdate() {
    return this == UPDATE || this == UPSERT;
  }

  /** Whether Elasticsearch takes a version from outside for it. */
  boolean takesVersion() {
    return this == INDEX || this == DELETE;
  }

  /** Whether what it does depends on what is in the index before. */
  boolean dependsOnEarlier() {
    return isUpdate() || this == CREATE;
  }
}
