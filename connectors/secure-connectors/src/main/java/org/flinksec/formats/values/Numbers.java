// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.values;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Pattern;
import org.flinksec.rows.Scalars;
import org.flinksec.rows.Shape;

/** Numbers within their bounds: a value is never cut to fit, but for what says so. */
public final class Numbers {
  private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]{1,30}");
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]{1,6})?");
  private static final long MOST_UNSIGNED_32 = 0xFFFF_FFFFL;

  private Numbers() {}

  /** A whole number of 64 bits. */
  public static Long whole(String text) throws BadValueException {
    if (!WHOLE.matcher(text).matches()) {
      throw new BadValueException("is not a whole number");
    }
    try {
      return Long.valueOf(text);
    } catch (NumberFormatException e) {
      throw new BadValueException("is a whole number outside the 64-bit range");
    }
  }

  /** A whole number of 32 bits. */
  public static Integer whole32(String text) throws BadValueException {
    return to32(whole(text));
  }

  /** The same in 32 bits. */
  public static int to32(long value) throws BadValueException {
    if (value != (int) value) {
      throw new BadValueException("is a whole number outside the 32-bit range");
    }
    return (int) value;
  }

  /** The same in 32 bits without a sign, as Java holds them. */
  public static int toUnsigned32(long value) throws BadValueException {
    if (value < 0 || value > MOST_UNSIGNED_32) {
      throw new BadValueException("is a whole number outside the range of 32 bits without a sign");
    }
    return (int) value;
  }

  /** The same, if it needs no sign. */
  public static long unsigned64(long value) throws BadValueException {
    if (value < 0) {
      throw new BadValueException("is a whole number beyond 63 bits");
    }
    return value;
  }

  /** The nearest number of single precision; infinite only if the value is. */
  public static float single(double value) throws BadValueException {
    float nearest = (float) value;
    if (Float.isInfinite(nearest) && !Double.isInfinite(value)) {
      throw new BadValueException("is a number too large for single precision");
    }
    return nearest;
  }

  /** A number of double precision; {@code NaN} and {@code Infinity} are some. */
  public static Double floating(String text) throws BadValueException {
    switch (text) {
      case "NaN":
        return Double.NaN;
      case "Infinity":
        return Double.POSITIVE_INFINITY;
      case "-Infinity":
        return Double.NEGATIVE_INFINITY;
      default:
    }
    requireNumber(text);
    double value = Double.parseDouble(text);
    if (Double.isInfinite(value)) {
      throw new BadValueException("is a number too large for a double");
    }
    return value;
  }

  /** A decimal number of any size up to 1,000 digits. */
  public static BigDecimal decimal(String text) throws BadValueException {
    requireNumber(text);
    return bounded(new BigDecimal(text));
  }

  /** The same, if it has no more digits than a number of that length can have. */
  public static BigDecimal bounded(BigDecimal value) throws BadValueException {
    if (value.precision() > ScalarText.LONGEST_NUMBER
        || Math.abs((long) value.scale()) > ScalarText.LONGEST_NUMBER) {
      throw new BadValueException("is a number of more than 1,000 digits");
    }
    return value;
  }

  /**
   * A decimal to be written, as its field declares it: with the scale, where one is declared.
   *
   * @throws BadValueException if it has more digits than that
   */
  public static BigDecimal fitting(Object value, Shape shape) throws BadValueException {
    BigDecimal number = bounded((BigDecimal) value);
    if (shape.precision() == 0) {
      return number;
    }
    BigDecimal scaled;
    try {
      scaled = number.setScale(shape.scale(), RoundingMode.UNNECESSARY);
    } catch (ArithmeticException e) {
      throw new BadValueException(
          "has more than %d digits after the point".formatted(shape.scale()));
    }
    if (scaled.precision() > shape.precision()) {
      throw new BadValueException("has more than %d digits".formatted(shape.precision()));
    }
    return scaled;
  }

  /**
   * A decimal that was read, as its field declares it; where that says nothing of digits, of as
   * many as a record holds.
   *
   * @throws BadValueException if it has more digits than that
   */
  public static BigDecimal read(BigDecimal value, Shape shape) throws BadValueException {
    try {
      return Scalars.decimal(bounded(value), shape);
    } catch (Scalars.ScalarException e) {
      throw new BadValueException(e.getMessage());
    }
  }

  static String text(BigDecimal value) {
    return value.toPlainString();
  }

  private static void requireNumber(String text) throws BadValueException {
    if (text.length() > ScalarText.LONGEST_NUMBER) {
      throw new BadValueException("is a number of more than 1,000 digits");
    }
    if (!NUMBER.matcher(text).matches()) {
      throw new BadValueException("is not a number");
    }
  }
}
