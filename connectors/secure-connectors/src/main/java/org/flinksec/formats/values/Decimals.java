// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.values;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Numbers with a fixed number of digits, none of which is rounded away. */
public final class Decimals {
  private static final int MOST_BEFORE_THE_POINT = 100_000;

  private Decimals() {}

  /**
   * The number with so many digits behind the point.
   *
   * @throws BadValueException if it has more, or more in all than the precision
   */
  public static BigDecimal scaled(BigDecimal number, int precision, int scale)
      throws BadValueException {
    try {
      // A number such as 1E+999999999 is not written out to find that it does not fit.
      if (number.precision() - (long) number.scale() <= MOST_BEFORE_THE_POINT) {
        BigDecimal scaled = number.setScale(scale, RoundingMode.UNNECESSARY);
        if (scaled.precision() <= precision) {
          return scaled;
        }
      }
    } catch (ArithmeticException e) {
      // the same complaint
    }
    throw new BadValueException(
        "has more digits than its decimal(%d, %d)".formatted(precision, scale));
  }
}
