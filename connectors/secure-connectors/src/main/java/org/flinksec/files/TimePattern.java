// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.Serializable;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;

/** A time in UTC as text, by the directives of C's strftime that are numbers. */
final class TimePattern implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String pattern;

  /**
   * @param pattern whose directives are of those that {@link #write} knows
   * @throws IllegalArgumentException if one is not
   */
  TimePattern(String pattern) {
    this.pattern = pattern;
    write(0);
  }

  /** How many seconds have the same text: the finest unit that is in the pattern. */
  long seconds() {
    if (pattern.contains("%S")) {
      return 1;
    }
    return pattern.contains("%M") ? 60 : pattern.contains("%H") ? 3600 : 86_400;
  }

  /**
   * @param epochSecond since 1970
   */
  String write(long epochSecond) {
    OffsetDateTime time = Instant.ofEpochSecond(epochSecond).atOffset(ZoneOffset.UTC);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c != '%') {
        out.append(c);
        continue;
      }
      i++;
      char directive = i < pattern.length() ? pattern.charAt(i) : ' ';
      out.append(
          switch (directive) {
            case 'Y' -> "%04d".formatted(time.getYear());
            case 'm' -> "%02d".formatted(time.getMonthValue());
            case 'd' -> "%02d".formatted(time.getDayOfMonth());
            case 'H' -> "%02d".formatted(time.getHour());
            case 'M' -> "%02d".formatted(time.getMinute());
            case 'S' -> "%02d".formatted(time.getSecond());
            case 'j' -> "%03d".formatted(time.getDayOfYear());
            case 'u' -> "%d".formatted(time.get(ChronoField.DAY_OF_WEEK));
            case 'G' -> "%04d".formatted(time.get(IsoFields.WEEK_BASED_YEAR));
            case 'V' -> "%02d".formatted(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            default -> throw new IllegalArgumentException("%" + directive + " is no directive");
          });
    }
    return out.toString();
  }
}
