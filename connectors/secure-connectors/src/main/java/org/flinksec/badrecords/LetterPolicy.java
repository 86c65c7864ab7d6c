// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.io.Serializable;
import java.time.Duration;

/**
 * Where the dead letters of a job go, and how many there may be.
 *
 * @param job the name of the job
 * @param topic the topic that keeps them
 * @param most so many of them; 0 for any number
 * @param windowMillis in this time, in milliseconds
 */
public record LetterPolicy(String job, String topic, int most, long windowMillis)
    implements Serializable {
  Duration window() {
    return Duration.ofMillis(windowMillis);
  }
}
