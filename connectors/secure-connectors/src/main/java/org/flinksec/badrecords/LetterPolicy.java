// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.io.Serializable;
import java.time.Duration;

/**
 * Where the dead letters of a job go, and how many there may be.
 *
 * @param job the name of the job
 * @param topic the topic of Kafka that keeps them; null for an index
 * @param index the index of Elasticsearch that keeps them; null for a topic
 * @param most so many of them; 0 for any number
 * @param windowMillis in this time, in milliseconds
 */
public record LetterPolicy(String job, String topic, String index, int most, long windowMillis)
    implements Serializable {
  /** One whose letters go to a topic. */
  public LetterPolicy(String job, String topic, int most, long windowMillis) {
    this(job, topic, null, most, windowMillis);
  }

  /** One whose letters go to an index. */
  public static LetterPolicy ofIndex(String job, String index, int most, long windowMillis) {
    return new LetterPolicy(job, null, index, most, windowMillis);
  }

  /** Where they go, for messages. */
  public String inWords() {
    return index != null ? "the Elasticsearch index " + index : "the Kafka topic " + topic;
  }

  Duration window() {
    return Duration.ofMillis(windowMillis);
  }
}
