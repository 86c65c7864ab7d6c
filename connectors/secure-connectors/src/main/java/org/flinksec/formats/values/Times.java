// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.values;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/** Times and dates that a record can hold: of the years 1 to 9999, times in microseconds. */
public final class Times {
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant END = Instant.parse("+10000-01-01T00:00:00Z");
  private static final long MICROS = 1_000_000;
  private static final int LONGEST = 64;

  private Times() {}

  /** A time as ISO-8601 text with an offset. */
  public static Instant instant(String text) throws BadValueException {
    try {
      if (text.length() <= LONGEST) {
        return checked(DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from));
      }
    } catch (DateTimeException e) {
      // told below
    }
    throw new BadValueException(
        "is not an ISO-8601 time with an offset, such as 2013-01-01T10:00:00Z");
  }

  /** A time by its distance from 1970; what is below a microsecond is cut. */
  public static Instant ofSeconds(long seconds, long nanos) throws BadValueException {
    try {
      return checked(Instant.ofEpochSecond(seconds, nanos));
    } catch (DateTimeException | ArithmeticException e) {
      throw outside();
    }
  }

  /**
   * A time by its distance from 1970.
   *
   * @param perSecond how many units a second has: 1,000, 1,000,000 or 1,000,000,000
   */
  public static Instant ofUnits(long distance, int perSecond) throws BadValueException {
    long fraction = Math.floorMod(distance, (long) perSecond);
    return ofSeconds(
        Math.floorDiv(distance, (long) perSecond), fraction * (1_000_000_000 / perSecond));
  }

  /** The same within the bounds. */
  public static Instant checked(Instant time) throws BadValueException {
    if (time.isBefore(FIRST) || !time.isBefore(END)) {
      throw outside();
    }
    return time.truncatedTo(ChronoUnit.MICROS);
  }

  /** Microseconds since 1970 of a time within the bounds. */
  public static long micros(Instant time) throws BadValueException {
    Instant inside = checked(time);
    return inside.getEpochSecond() * MICROS + inside.getNano() / 1000;
  }

  /** The text of a time within the bounds, in UTC. */
  public static String text(Instant time) throws BadValueException {
    return checked(time).toString();
  }

  /** A date as ISO-8601 text. */
  public static LocalDate date(String text) throws BadValueException {
    try {
      if (text.length() <= LONGEST) {
        return checked(LocalDate.parse(text));
      }
    } catch (DateTimeException e) {
      // told below
    }
    throw new BadValueException("is not an ISO-8601 date, such as 2013-01-01");
  }

  /** A date by its days since 1970. */
  public static LocalDate date(long days) throws BadValueException {
    try {
      return checked(LocalDate.ofEpochDay(days));
    } catch (DateTimeException e) {
      throw outside();
    }
  }

  /** The same within the bounds. */
  public static LocalDate checked(LocalDate date) throws BadValueException {
    if (date.getYear() < 1 || date.getYear() > 9999) {
      throw outside();
    }
    return date;
  }

  static String text(LocalDate date) throws BadValueException {
    return checked(date).toString();
  }

  private static BadValueException outside() {
    return new BadValueException("is outside the years 1 to 9999");
  }
}
