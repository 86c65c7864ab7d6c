// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Pattern;
import org.flinksec.rows.Shape.Kind;

/**
 * Values of a record that have a form of text, in every format the same: read exactly or not at
 * all.
 *
 * <p>What is wrong is told as a part of a sentence behind the field's name, and never quotes a
 * value.
 */
public final class Scalars {
  /** What a Decimal has where nothing is said of its digits: as much as DECIMAL(38, 18). */
  public static final int PRECISION = 38;

  /** Of these, after the point. */
  public static final int SCALE = 18;

  private static final Pattern UUID =
      Pattern.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  private static final Pattern NUMBER =
      Pattern.compile("-?[0-9]{1,500}(?:\\.[0-9]{1,500})?(?:[eE][+-]?[0-9]{1,9})?");
  private static final Pattern DATE = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999999Z");
  private static final int NANOS_OF_A_MICROSECOND = 1000;
  private static final long MICROS = 1_000_000;

  private Scalars() {}

  /** A value is not what its field holds. */
  public static final class ScalarException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * @param problem such as {@code is not a UUID}
     */
    public ScalarException(String problem) {
      super(problem, null, false, false);
    }
  }

  /** A time of ISO-8601 with an offset, cut to microseconds. */
  public static Instant instant(String text) throws ScalarException {
    try {
      return instant(DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from));
    } catch (DateTimeException e) {
      throw new ScalarException(
          "is not an ISO-8601 time with an offset, such as 2013-01-01T10:00:00Z");
    }
  }

  /** A time of milliseconds since 1970. */
  public static Instant instant(long millis) throws ScalarException {
    return instant(Instant.ofEpochMilli(millis));
  }

  /** A time as rows hold it: cut to microseconds, and one that Python has. */
  public static Instant instant(Instant time) throws ScalarException {
    if (time.isBefore(FIRST) || time.isAfter(LAST)) {
      throw new ScalarException("is a time beyond the years 1 to 9999");
    }
    int rest = time.getNano() % NANOS_OF_A_MICROSECOND;
    return rest == 0 ? time : time.minusNanos(rest);
  }

  /** Microseconds since 1970. */
  public static long micros(Instant time) {
    return Math.addExact(
        Math.multiplyExact(time.getEpochSecond(), MICROS), time.getNano() / NANOS_OF_A_MICROSECOND);
  }

  /** The time of microseconds since 1970. */
  public static Instant ofMicros(long micros) {
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, MICROS), Math.floorMod(micros, MICROS) * NANOS_OF_A_MICROSECOND);
  }

  /** A date of ISO-8601. */
  public static LocalDate date(String text) throws ScalarException {
    try {
      if (DATE.matcher(text).matches()) {
        return date(LocalDate.parse(text));
      }
    } catch (DateTimeException e) {
      // said below
    }
    throw new ScalarException("is not an ISO-8601 date, such as 2013-01-01");
  }

  /** A date that Python has. */
  public static LocalDate date(LocalDate date) throws ScalarException {
    if (date.getYear() < 1 || date.getYear() > 9999) {
      throw new ScalarException("is a date beyond the years 1 to 9999");
    }
    return date;
  }

  /** The canonical form of a UUID: lower case. */
  public static String uuid(String text) throws ScalarException {
    if (!UUID.matcher(text).matches()) {
      throw new ScalarException("is not a UUID, such as f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
    }
    return text.toLowerCase(Locale.ROOT);
  }

  /** A number that is written as JSON writes numbers. */
  public static BigDecimal decimal(String text, Shape shape) throws ScalarException {
    if (!NUMBER.matcher(text).matches()) {
      throw new ScalarException("is not a decimal number, such as 12.50");
    }
    return decimal(new BigDecimal(text), shape);
  }

  /**
   * A number of the digits that a shape declares: with all of its digits after the point where it
   * says how many, else as it is.
   */
  public static BigDecimal decimal(BigDecimal value, Shape shape) throws ScalarException {
    boolean said = shape.precision() > 0;
    int scale = said ? shape.scale() : SCALE;
    int before = (said ? shape.precision() : PRECISION) - scale;
    if (value.signum() == 0) {
      return BigDecimal.ZERO.setScale(said ? scale : Math.min(Math.max(value.scale(), 0), SCALE));
    }
    if ((long) value.precision() - value.scale() > before) {
      throw new ScalarException("has more than %d digits before the point".formatted(before));
    }
    if (said || value.scale() < 0 || value.scale() > scale) {
      return exactly(value, said || value.scale() > scale ? scale : 0);
    }
    return value;
  }

  private static BigDecimal exactly(BigDecimal value, int scale) throws ScalarException {
    // Far behind the point nothing but a rounded zero could come out, at any cost.
    if ((long) value.scale() - value.precision() <= scale) {
      try {
        return value.setScale(scale, RoundingMode.UNNECESSARY);
      } catch (ArithmeticException e) {
        // said below
      }
    }
    throw new ScalarException("has more than %d digits after the point".formatted(scale));
  }

  /** A value of an enum: text or a whole number, one of its symbols. */
  public static Serializable symbol(Serializable value, Shape shape) throws ScalarException {
    if (!shape.symbols().contains(value)) {
      throw new ScalarException(
          shape.name() == null
              ? "is none of the values of its Literal"
              : "is no value of the enum " + shape.name());
    }
    return value;
  }

  /** A value of text, of any kind that has one. */
  public static Serializable parse(String text, Shape shape) throws ScalarException {
    return switch (shape.kind()) {
      case STR -> text;
      case DATETIME -> instant(text);
      case DATE -> date(text);
      case UUID -> uuid(text);
      case DECIMAL -> decimal(text, shape);
      case ENUM -> symbol(isText(shape) ? text : (Serializable) whole(text), shape);
      case INT -> whole(text);
      case INT32 -> whole32(text);
      default -> throw new IllegalArgumentException("no form of text for " + shape.kind());
    };
  }

  /** Whether the symbols of an enum are text, and not whole numbers. */
  public static boolean isText(Shape shape) {
    return shape.kind() == Kind.ENUM && shape.symbols().get(0) instanceof String;
  }

  private static Long whole(String text) throws ScalarException {
    try {
      if (NUMBER.matcher(text).matches()) {
        return Long.valueOf(text);
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new ScalarException("is not a whole number of 64 bits");
  }

  private static Integer whole32(String text) throws ScalarException {
    long value = whole(text);
    if (value != (int) value) {
      throw new ScalarException("is a whole number outside the 32-bit range");
    }
    return (int) value;
  }

  /** The one text that a value has which is equal to others, whatever its digits. */
  public static String text(Object value) {
    return value instanceof BigDecimal number
        ? number.stripTrailingZeros().toPlainString()
        : value.toString();
  }
}
