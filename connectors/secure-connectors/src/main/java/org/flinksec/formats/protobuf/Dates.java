// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.protobuf;

import java.time.DateTimeException;
import java.time.LocalDate;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Times;

/** Dates as {@code google.type.Date} has them: in parts, of which any may be left out as 0. */
final class Dates {
  private Dates() {}

  static LocalDate of(int year, int month, int day) throws BadValueException {
    if (year == 0 || month == 0 || day == 0) {
      throw new BadValueException("is a date without a year, a month or a day");
    }
    try {
      return Times.checked(LocalDate.of(year, month, day));
    } catch (DateTimeException e) {
      throw new BadValueException("is no date");
    }
  }
}
