// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

/** What happens to a Kafka record that cannot be decoded. */
enum UndecodableRecordPolicy {
  /** The job fails, with the record's topic, partition and offset. */
  FAIL,
  /** The record is left out, counted, and named in a warning. */
  SKIP;

  static UndecodableRecordPolicy parse(String name) {
    return switch (name) {
      case "fail" -> FAIL;
      case "skip" -> SKIP;
      default ->
          throw new IllegalArgumentException(
              "on_undecodable is '%s'; it must be 'fail' or 'skip'".formatted(name));
    };
  }
}
