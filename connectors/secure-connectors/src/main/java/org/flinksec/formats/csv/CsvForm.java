// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.csv;

import java.io.Serializable;
import java.util.Arrays;
import org.flinksec.formats.values.BadValueException;

/**
 * How a line is cut into fields: RFC 4180, with other characters where that is asked for.
 *
 * <p>Unlike other readers, it takes nothing that it would not write itself: no quote within a field
 * that does not begin with one, nothing after the quote that ends a field.
 *
 * @param delimiter between two fields
 * @param quote around a field that holds what would end it; null for none
 * @param escape in front of a character that stands for itself; null for none, and then a quote
 *     within a field is written twice
 * @param nullText what stands, without quotes, for null; null for nothing
 */
public record CsvForm(char delimiter, Character quote, Character escape, String nullText)
    implements Serializable {
  private static final String ENDS = "\r\n";

  /** At the beginning of a file readers take it for a mark of byte order, and for no text. */
  private static final char MARK = '\ufeff';

  /** What one field of a line is. */
  record Field(String text, boolean quoted) {}

  /**
   * @param delimiter one character
   * @param quote one character, or empty
   * @param escape one character, or empty
   */
  public static CsvForm of(String delimiter, String quote, String escape, String nullText) {
    return new CsvForm(delimiter.charAt(0), character(quote), character(escape), nullText);
  }

  private static Character character(String text) {
    return text.isEmpty() ? null : text.charAt(0);
  }

  /**
   * Cuts a line, which may have its end.
   *
   * @param most as many fields may it have
   */
  Field[] read(String line, int most) throws BadValueException {
    return new Reader(this, withoutEnd(line), most).read();
  }

  private String withoutEnd(String line) {
    int end = line.length();
    if (endsWith(line, end, '\n')) {
      end--;
    }
    if (endsWith(line, end, '\r')) {
      end--;
    }
    return line.substring(0, end);
  }

  /** Whether the last character before a position is this one, and no escape makes it a text's. */
  private boolean endsWith(String line, int end, char c) {
    if (end == 0 || line.charAt(end - 1) != c) {
      return false;
    }
    int escapes = 0;
    while (escapes < end - 1 && is(escape, line.charAt(end - 2 - escapes))) {
      escapes++;
    }
    return escapes % 2 == 0;
  }

  /** Appends a field that is not null. */
  void write(String text, StringBuilder line) throws BadValueException {
    boolean plain = isPlain(text);
    if (quote != null) {
      if (plain) {
        line.append(text);
      } else {
        quoted(text, line);
      }
      return;
    }
    if (text.equals(nullText)) {
      throw new BadValueException("is the text that stands for null, and nothing is quoted");
    }
    if (!plain && escape == null) {
      throw new BadValueException("holds a delimiter or a line end, and nothing is quoted");
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (ends(c) || i == 0 && c == MARK && escape != null) {
        line.append(escape);
      }
      line.append(c);
    }
  }

  /** Appends null. */
  void writeNull(StringBuilder line) throws BadValueException {
    if (nullText == null) {
      throw new BadValueException("is null, for which no text is set");
    }
    line.append(nullText);
  }

  private void quoted(String text, StringBuilder line) {
    line.append(quote);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == quote || is(escape, c)) {
        line.append(escape == null ? quote : escape);
      }
      line.append(c);
    }
    line.append(quote);
  }

  private boolean isPlain(String text) {
    if (quote != null && (text.equals(nullText) || spaced(text))) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (ends(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /** Whether it begins or ends with a blank, or begins with a mark, which readers take away. */
  private static boolean spaced(String text) {
    return !text.isEmpty()
        && (text.charAt(0) <= ' '
            || text.charAt(0) == MARK
            || text.charAt(text.length() - 1) <= ' ');
  }

  private boolean ends(char c) {
    return c == delimiter || is(quote, c) || is(escape, c) || ENDS.indexOf(c) >= 0;
  }

  private static boolean is(Character one, char c) {
    return one != null && one == c;
  }

  /** Reads one line. */
  private static final class Reader {
    private final CsvForm form;
    private final String line;
    private final Field[] fields;
    private int count;
    private int at;

    Reader(CsvForm form, String line, int most) {
      this.form = form;
      this.line = line;
      this.fields = new Field[most];
    }

    Field[] read() throws BadValueException {
      while (true) {
        if (count == fields.length) {
          throw new BadValueException("has more than %d columns".formatted(fields.length));
        }
        Field field = field();
        fields[count++] = field;
        if (at == line.length()) {
          return Arrays.copyOf(fields, count);
        }
        at++; // the delimiter
      }
    }

    private Field field() throws BadValueException {
      boolean quoted = at < line.length() && is(form.quote, line.charAt(at));
      if (quoted) {
        at++;
        Field field = new Field(quoted(), true);
        if (at < line.length() && line.charAt(at) != form.delimiter) {
          throw problem("has something behind the closing quote");
        }
        return field;
      }
      return new Field(unquoted(), false);
    }

    private String quoted() throws BadValueException {
      StringBuilder text = new StringBuilder();
      while (at < line.length()) {
        char c = line.charAt(at++);
        if (is(form.escape, c)) {
          text.append(escaped());
        } else if (c != form.quote) {
          text.append(c);
        } else if (form.escape == null && at < line.length() && line.charAt(at) == c) {
          text.append(c);
          at++;
        } else {
          return text.toString();
        }
      }
      throw problem("has no closing quote");
    }

    private String unquoted() throws BadValueException {
      int start = at;
      StringBuilder text = null; // only where an escape makes it differ from the line
      while (at < line.length() && line.charAt(at) != form.delimiter) {
        char c = line.charAt(at);
        if (is(form.quote, c)) {
          throw problem("has a quote within a field without quotes");
        }
        if (ENDS.indexOf(c) >= 0) {
          throw new BadValueException("has more than one line");
        }
        if (is(form.escape, c)) {
          text = text == null ? new StringBuilder(line.substring(start, at)) : text;
          at++;
          text.append(escaped());
        } else {
          at++;
          if (text != null) {
            text.append(c);
          }
        }
      }
      return text == null ? line.substring(start, at) : text.toString();
    }

    private char escaped() throws BadValueException {
      if (at == line.length()) {
        throw problem("ends with an escape");
      }
      return line.charAt(at++);
    }

    private BadValueException problem(String what) {
      return new BadValueException("is no line of CSV: column %d %s".formatted(count + 1, what));
    }
  }
}
