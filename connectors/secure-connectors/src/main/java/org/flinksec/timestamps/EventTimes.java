// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import java.time.Instant;

/**
 * Which event times a record may have. One far in the future would end event time for all records
 * after it, and is a slip of units more often than a time.
 */
public final class EventTimes {
  /** The years that four digits, and Python's datetime, can say. */
  private static final long FIRST = Instant.parse("0001-01-01T00:00:00Z").toEpochMilli();

  private static final long LAST = Instant.parse("9999-12-31T23:59:59.999Z").toEpochMilli();

  private EventTimes() {}

  /**
   * What is wrong with a time.
   *
   * @param value of the event time field: an instant, milliseconds since 1970, or null
   * @return null if it will do
   */
  public static String problem(Object value) {
    if (value == null) {
      return "is null, and is the event time";
    }
    long millis;
    try {
      millis = millis(value);
    } catch (ArithmeticException e) {
      return outOfRange();
    }
    return millis < FIRST || millis > LAST ? outOfRange() : null;
  }

  static long millis(Object value) {
    return value instanceof Instant instant ? instant.toEpochMilli() : (Long) value;
  }

  private static String outOfRange() {
    return "is the event time, in milliseconds since 1970, and beyond the years 1 to 9999";
  }
}
