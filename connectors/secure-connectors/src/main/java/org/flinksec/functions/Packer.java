// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.Arrays;

/** Writes MessagePack into one array that grows; what it has written can be forgotten. */
final class Packer {
  private static final int FIRST = 1 << 12;
  private static final int LARGEST = Integer.MAX_VALUE - 16;
  private static final int HEADER = 9; // of the longest scalar

  private byte[] bytes = new byte[FIRST];
  private int end;

  int size() {
    return end;
  }

  /** Forgets all that is written. */
  void clear() {
    end = 0;
  }

  /** What is written; valid until more is. */
  byte[] array() {
    return bytes;
  }

  /** A copy of what is written. */
  byte[] copy() {
    return Arrays.copyOf(bytes, end);
  }

  /** A copy of what is written, with more behind it. */
  byte[] with(Packer behind) {
    byte[] all = Arrays.copyOf(bytes, Math.addExact(end, behind.end));
    System.arraycopy(behind.bytes, 0, all, end, behind.end);
    return all;
  }

  void nil() {
    one(0xc0);
  }

  void bool(boolean value) {
    one(value ? 0xc3 : 0xc2);
  }

  void whole(long value) {
    room(HEADER);
    if (value >= -32 && value < 128) {
      bytes[end++] = (byte) value;
    } else if (value == (short) value) {
      bytes[end++] = (byte) 0xd1;
      big(value, 2);
    } else if (value == (int) value) {
      bytes[end++] = (byte) 0xd2;
      big(value, 4);
    } else {
      bytes[end++] = (byte) 0xd3;
      big(value, 8);
    }
  }

  void number(double value) {
    room(HEADER);
    bytes[end++] = (byte) 0xcb;
    big(Double.doubleToRawLongBits(value), 8);
  }

  void binary(byte[] value) {
    header(value.length, -1, 0xc4, 0xc5, 0xc6);
    append(value, value.length);
  }

  /**
   * A text.
   *
   * @throws IllegalArgumentException if it holds half of a surrogate pair
   */
  void text(String value) {
    int length = value.length();
    int size = sizeOf(value, length);
    header(size, 0xa0, 0xd9, 0xda, 0xdb);
    room(size);
    if (size == length) {
      ascii(value, length);
    } else {
      utf8(value, length);
    }
  }

  void arrayHeader(int length) {
    room(HEADER);
    if (length < 16) {
      bytes[end++] = (byte) (0x90 | length);
    } else {
      count(length, 0xdc);
    }
  }

  void mapHeader(int length) {
    room(HEADER);
    if (length < 16) {
      bytes[end++] = (byte) (0x80 | length);
    } else {
      count(length, 0xde);
    }
  }

  private void count(int length, int code16) {
    if (length < 1 << 16) {
      bytes[end++] = (byte) code16;
      big(length, 2);
    } else {
      bytes[end++] = (byte) (code16 + 1);
      big(length, 4);
    }
  }

  private void header(int size, int fixed, int code8, int code16, int code32) {
    room(HEADER);
    if (fixed >= 0 && size < 32) {
      bytes[end++] = (byte) (fixed | size);
    } else if (size < 1 << 8) {
      bytes[end++] = (byte) code8;
      bytes[end++] = (byte) size;
    } else if (size < 1 << 16) {
      bytes[end++] = (byte) code16;
      big(size, 2);
    } else {
      bytes[end++] = (byte) code32;
      big(size, 4);
    }
  }

  private static int sizeOf(String value, int length) {
    int size = length;
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      if (c >= 0x80) {
        if (Character.isSurrogate(c)) {
          boolean pair =
              Character.isHighSurrogate(c)
                  && i + 1 < length
                  && Character.isLowSurrogate(value.charAt(i + 1));
          if (!pair) {
            throw new IllegalArgumentException(
                "a text for Python holds half of a surrogate pair, which is not text");
          }
          i++;
          size = Math.addExact(size, 2); // four bytes for two characters
        } else {
          size = Math.addExact(size, c < 0x800 ? 1 : 2);
        }
      }
    }
    return size;
  }

  @SuppressWarnings("deprecation") // the one method that copies the low bytes at once
  private void ascii(String value, int length) {
    value.getBytes(0, length, bytes, end);
    end += length;
  }

  private void utf8(String value, int length) {
    byte[] to = bytes;
    int at = end;
    for (int i = 0; i < length; i++) {
      int c = value.charAt(i);
      if (c < 0x80) {
        to[at++] = (byte) c;
        continue;
      }
      if (c < 0x800) {
        to[at++] = (byte) (0xc0 | c >> 6);
      } else {
        if (Character.isHighSurrogate((char) c)) {
          c = Character.toCodePoint((char) c, value.charAt(++i));
          to[at++] = (byte) (0xf0 | c >> 18);
          to[at++] = (byte) (0x80 | c >> 12 & 0x3f);
        } else {
          to[at++] = (byte) (0xe0 | c >> 12);
        }
        to[at++] = (byte) (0x80 | c >> 6 & 0x3f);
      }
      to[at++] = (byte) (0x80 | c & 0x3f);
    }
    end = at;
  }

  /** What another has written. */
  void append(Packer other) {
    append(other.bytes, other.end);
  }

  private void append(byte[] value, int length) {
    room(length);
    System.arraycopy(value, 0, bytes, end, length);
    end += length;
  }

  private void one(int code) {
    room(1);
    bytes[end++] = (byte) code;
  }

  private void big(long value, int size) {
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) {
      bytes[end++] = (byte) (value >> shift);
    }
  }

  private void room(int more) {
    if (bytes.length - end < more) {
      long wanted = Math.max((long) end + more, bytes.length * 2L);
      if ((long) end + more > LARGEST) {
        throw new IllegalStateException(
            "a batch for Python would be larger than 2 GiB: records of one batch are too large");
      }
      bytes = Arrays.copyOf(bytes, (int) Math.min(wanted, LARGEST));
    }
  }
}
