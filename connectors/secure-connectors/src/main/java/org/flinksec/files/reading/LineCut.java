// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import java.io.Serializable;

/**
 * Where a line of UTF-8 ends that may have line ends within it: between quotes, or behind an
 * escape. Used by one thread.
 */
public final class LineCut implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int NONE = -1;

  private final int delimiter;
  private final int quote;
  private final int escape;
  private int character;
  private int missing;
  private State state;
  private boolean escaped;

  private enum State {
    /** Where a column begins. */
    BEGINNING,
    /** In a column without quotes. */
    BARE,
    BARE_ESCAPED,
    QUOTED,
    QUOTED_ESCAPED,
    /** Behind a quote, which ends the column unless another one follows. */
    CLOSING
  }

  private LineCut(int delimiter, int quote, int escape) {
    this.delimiter = delimiter;
    this.quote = quote;
    this.escape = escape;
  }

  /** Each line end ends a line. */
  public static LineCut plain() {
    return new LineCut(NONE, NONE, NONE);
  }

  /**
   * @param delimiter between two columns: one character
   * @param quote around a column; empty for none
   * @param escape in front of a character that stands for itself; empty for none
   */
  public static LineCut of(String delimiter, String quote, String escape) {
    return new LineCut(
        delimiter.charAt(0),
        quote.isEmpty() ? NONE : quote.charAt(0),
        escape.isEmpty() ? NONE : escape.charAt(0));
  }

  /** Whether each line end ends a line. */
  boolean isPlain() {
    return quote == NONE && escape == NONE;
  }

  /** Begins with a line. */
  void begin() {
    missing = 0;
    state = State.BEGINNING;
    escaped = false;
  }

  /** Whether the last character of the line that has ended stands behind an escape. */
  boolean isLastEscaped() {
    return escaped;
  }

  /** Sees the next byte; whether it ends the line. */
  boolean ends(byte b) {
    if (b >= 0) {
      missing = 0;
      character = b;
    } else if ((b & 0xC0) == 0x80) {
      character = character << 6 | b & 0x3F;
      missing--;
    } else {
      missing = (b & 0x20) == 0 ? 1 : (b & 0x10) == 0 ? 2 : 3;
      character = b & (0x3F >> missing);
    }
    return missing <= 0 && ends(character);
  }

  private boolean ends(int c) {
    State before = state;
    if (before == State.CLOSING && c == quote) {
      state = State.QUOTED;
      return false;
    }
    state =
        switch (before) {
          case BARE_ESCAPED -> State.BARE;
          case QUOTED_ESCAPED -> State.QUOTED;
          case QUOTED -> quoted(c);
          default -> bare(c, before == State.BEGINNING);
        };
    boolean isEnd = c == '\n' && isOutside(before);
    escaped = isEnd ? escaped : before == State.BARE_ESCAPED;
    return isEnd;
  }

  private static boolean isOutside(State before) {
    return before == State.BEGINNING || before == State.BARE || before == State.CLOSING;
  }

  private State quoted(int c) {
    if (c == escape) {
      return State.QUOTED_ESCAPED;
    }
    if (c != quote) {
      return State.QUOTED;
    }
    return escape == NONE ? State.CLOSING : State.BARE;
  }

  private State bare(int c, boolean isFirst) {
    if (c == delimiter) {
      return State.BEGINNING;
    }
    if (c == escape) {
      return State.BARE_ESCAPED;
    }
    return c == quote && isFirst ? State.QUOTED : State.BARE;
  }
}
