// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logging;

/** Makes a text that others chose, such as a field's name, fit for one line of a log. */
public final class Tame {
  private static final int LONGEST = 400;

  private Tame() {}

  /** The text with control characters as question marks, cut where it is long. */
  public static String text(String text) {
    String cut = text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
    return cut.codePoints()
        .map(point -> Character.isISOControl(point) || isFormat(point) ? '?' : point)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static boolean isFormat(int point) {
    int type = Character.getType(point);
    return type == Character.FORMAT
        || type == Character.SURROGATE
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }
}
