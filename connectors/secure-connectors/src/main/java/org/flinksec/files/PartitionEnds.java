// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.Serializable;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** When the time of a partition is over, read from its name. */
public final class PartitionEnds implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Of a partition whose name says no time. */
  static final long NEVER = Long.MAX_VALUE;

  private static final String SEPARATOR = "/";
  private static final Map<Character, Integer> DIGITS =
      Map.of('Y', 4, 'm', 2, 'd', 2, 'H', 2, 'M', 2, 'S', 2, 'j', 3, 'u', 1, 'G', 4, 'V', 2);

  private final Pattern pattern;
  private final List<Character> directives = new ArrayList<>();
  private final long delay;

  /**
   * @param parts of the pattern, as {@link Partitions#of} takes them; a level that has a time has
   *     no field besides it
   * @param delay in milliseconds, that a partition is waited for after its time is over
   */
  public PartitionEnds(List<String> parts, long delay) {
    this.delay = delay;
    StringBuilder all = new StringBuilder();
    StringBuilder level = new StringBuilder();
    boolean isTime = false;
    boolean isField = false;
    List<String> ended = new ArrayList<>(parts);
    ended.add(SEPARATOR);
    for (String part : ended) {
      if (part.equals(SEPARATOR)) {
        all.append(all.isEmpty() ? "" : SEPARATOR);
        all.append(isField && !isTime ? "[^/]*" : level.toString());
        level.setLength(0);
        isTime = false;
        isField = false;
      } else if (part.charAt(0) == '=') {
        level.append(Pattern.quote(part.substring(1)));
      } else {
        int colon = part.indexOf(':');
        isTime |= colon >= 0;
        isField |= colon < 0;
        if (colon >= 0) {
          addTime(part.substring(colon + 1), level);
        }
      }
    }
    pattern = Pattern.compile(all.toString());
  }

  private void addTime(String format, StringBuilder level) {
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c == '%') {
        i++;
        directives.add(format.charAt(i));
        level.append("([0-9]{%d})".formatted(DIGITS.get(format.charAt(i))));
      } else if (c == ' ' && i > 0 && i < format.length() - 1) {
        level.append(' ');
      } else {
        level.append(Pattern.quote(PartitionNames.escaped(String.valueOf(c))));
      }
    }
  }

  /**
   * Returns from which watermark on no more rows are expected in a partition, in milliseconds since
   * 1970, or {@link #NEVER}.
   *
   * @param partition the path of its directory below that of the sink
   */
  long end(String partition) {
    Matcher found = pattern.matcher(partition);
    if (!found.matches()) {
      return NEVER;
    }
    Map<Character, Integer> read = new HashMap<>();
    for (int i = 0; i < directives.size(); i++) {
      read.put(directives.get(i), Integer.parseInt(found.group(i + 1)));
    }
    try {
      return end(read).toInstant(ZoneOffset.UTC).toEpochMilli() + delay;
    } catch (DateTimeException e) {
      return NEVER; // a name that is no time, such as of a directory by somebody else
    }
  }

  private static LocalDateTime end(Map<Character, Integer> read) {
    LocalDate day = null;
    if (read.containsKey('Y') && read.containsKey('m') && read.containsKey('d')) {
      day = LocalDate.of(read.get('Y'), read.get('m'), read.get('d'));
    } else if (read.containsKey('Y') && read.containsKey('j')) {
      day = LocalDate.ofYearDay(read.get('Y'), read.get('j'));
    } else if (read.containsKey('V') && read.containsKey('u')) {
      day = week(read).plusDays(read.get('u') - 1L);
    }
    if (day == null) {
      return wholeDays(read).atStartOfDay();
    }
    LocalDateTime begin =
        day.atTime(read.getOrDefault('H', 0), read.getOrDefault('M', 0), read.getOrDefault('S', 0));
    Duration length =
        read.containsKey('S')
            ? Duration.ofSeconds(1)
            : read.containsKey('M')
                ? Duration.ofMinutes(1)
                : read.containsKey('H') ? Duration.ofHours(1) : Duration.ofDays(1);
    return begin.plus(length);
  }

  private static LocalDate wholeDays(Map<Character, Integer> read) {
    if (read.containsKey('V')) {
      return week(read).plusWeeks(1);
    }
    if (read.containsKey('m')) {
      return LocalDate.of(read.get('Y'), read.get('m'), 1).plusMonths(1);
    }
    return LocalDate.of(read.get('Y') + 1, 1, 1);
  }

  private static LocalDate week(Map<Character, Integer> read) {
    return LocalDate.of(read.get('G'), 1, 4)
        .with(IsoFields.WEEK_OF_WEEK_BASED_YEAR, read.get('V'))
        .with(java.time.DayOfWeek.MONDAY);
  }
}
