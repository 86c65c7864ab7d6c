// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** The lines of a stream as bytes, without their ends, up to a length. */
final class LineBytes implements Closeable {
  /** The longest line that is kept; a record of Kafka may hardly be larger. */
  static final int LONGEST = 16 << 20;

  private static final int BUFFER = 1 << 16;

  private final InputStream in;
  private final LineCut cut;
  private final byte[] buffer = new byte[BUFFER];
  private int at;
  private int end;
  private long position;
  private long lineStart;
  private byte[] line;
  private boolean tooLong;

  /**
   * @param in the lines
   * @param position of the next byte of it in the file
   */
  LineBytes(InputStream in, LineCut cut, long position) {
    this.in = in;
    this.cut = cut;
    this.position = position;
  }

  /** Goes to the next line; false at the end of the stream. */
  boolean next() throws IOException {
    lineStart = position;
    tooLong = false;
    line = null;
    cut.begin();
    ByteArrayOutputStream parts = null;
    while (true) {
      if (at == end && !fill()) {
        if (position == lineStart) {
          return false;
        }
        finish(parts, 0, 0);
        return true;
      }
      int from = at;
      int to = cut.isPlain() ? plainEnd() : cutEnd();
      boolean isOver = to < end;
      at = isOver ? to + 1 : end;
      position += at - from;
      if (isOver) {
        finish(parts, from, to);
        return true;
      }
      parts = keep(parts, from, to);
    }
  }

  private boolean fill() throws IOException {
    at = 0;
    end = Math.max(in.read(buffer, 0, BUFFER), 0);
    return end > 0;
  }

  private int plainEnd() {
    int i = at;
    while (i < end && buffer[i] != '\n') {
      i++;
    }
    return i;
  }

  private int cutEnd() {
    int i = at;
    while (i < end && !cut.ends(buffer[i])) {
      i++;
    }
    return i;
  }

  private ByteArrayOutputStream keep(ByteArrayOutputStream parts, int from, int to) {
    ByteArrayOutputStream kept = parts == null ? new ByteArrayOutputStream(2 * BUFFER) : parts;
    if (kept.size() + (to - from) > LONGEST) {
      tooLong = true;
    } else if (!tooLong) {
      kept.write(buffer, from, to - from);
    }
    return kept;
  }

  private void finish(ByteArrayOutputStream parts, int from, int to) {
    byte[] whole;
    if (parts == null) {
      whole = Arrays.copyOfRange(buffer, from, to);
    } else {
      keep(parts, from, to);
      whole = parts.toByteArray();
    }
    if (tooLong) {
      return;
    }
    boolean returns = whole.length > 0 && whole[whole.length - 1] == '\r' && !cut.isLastEscaped();
    line = returns ? Arrays.copyOf(whole, whole.length - 1) : whole;
  }

  /** The line; null if it is too long. */
  byte[] line() {
    return line;
  }

  /** Where it begins in the file, if the stream is the file. */
  long lineStart() {
    return lineStart;
  }

  /** Where the next one begins. */
  long position() {
    return position;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
