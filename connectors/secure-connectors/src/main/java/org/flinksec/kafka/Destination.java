// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.time.Instant;
import java.util.regex.Pattern;
import org.flinksec.badrecords.UnencodableException;

/**
 * Where a field says that a record goes. What Kafka's producer would refuse is the record's fault,
 * and told without the value, which the producer's own exceptions quote.
 */
final class Destination {
  private static final Pattern TOPIC = Pattern.compile("(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,249}");

  private Destination() {}

  static String topic(Around field, Object value) throws UnencodableException {
    String name = (String) value;
    if (!TOPIC.matcher(name).matches()) {
      throw refused(field, "cannot be the name of a topic");
    }
    return name;
  }

  static int partition(Around field, Object value) throws UnencodableException {
    long number = ((Number) value).longValue();
    if (number < 0 || number > Integer.MAX_VALUE) {
      throw refused(field, "cannot be the number of a partition");
    }
    return (int) number;
  }

  /** Milliseconds since 1970. */
  static long timestamp(Around field, Object value) throws UnencodableException {
    long millis = value instanceof Instant instant ? instant.toEpochMilli() : (Long) value;
    if (millis < 0) {
      throw refused(field, "is a time before 1970, which no timestamp of Kafka is");
    }
    return millis;
  }

  private static UnencodableException refused(Around field, String why) {
    return new UnencodableException("field '%s' %s".formatted(field.field(), why));
  }
}
