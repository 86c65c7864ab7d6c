// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/**
 * A source has to go on at an offset that its partition does not have. After a restart it still
 * would not, or, worse, other records would stand there; so Flink does not try one.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class LostOffsetsException extends IOException {
  private static final long serialVersionUID = 1L;

  private LostOffsetsException(String message, Throwable cause) {
    super(message, cause);
  }

  /** What a failure of the consumer comes to, or null if it is another one. */
  static LostOffsetsException of(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof InvalidOffsetException refused) {
        return new LostOffsetsException(
            "there is no record at %s, where the job has to go on: records have expired unread, or"
                    .formatted(places(refused))
                + " the topic was cut or made anew; have them brought back, start without the"
                + " checkpoint at another place, or set kafka.on_lost_offsets = \"earliest\" to go"
                + " on at the earliest record that is there",
            failure);
      }
    }
    return null;
  }

  private static String places(InvalidOffsetException refused) {
    if (refused instanceof OffsetOutOfRangeException outside) {
      Map<String, Long> offsets = new TreeMap<>();
      outside.offsetOutOfRangePartitions().forEach((one, at) -> offsets.put(one.toString(), at));
      return offsets.entrySet().stream()
          .map(one -> "offset %d of %s".formatted(one.getValue(), one.getKey()))
          .collect(Collectors.joining(", "));
    }
    return refused.partitions().stream()
        .map(one -> "the group's offset of " + one)
        .sorted()
        .collect(Collectors.joining(", "));
  }
}
