// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads MessagePack out of an array. */
final class Unpacker {
  private final byte[] bytes;
  private int at;

  Unpacker(byte[] bytes) {
    this.bytes = bytes;
  }

  /** What comes is none of the kind that was asked for. */
  static final class OtherKindException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    OtherKindException(String wanted, int code) {
      super("Python's answer has the code 0x%02x where there should be %s".formatted(code, wanted));
    }
  }

  boolean atEnd() {
    return at == bytes.length;
  }

  /** Whether null comes; then it has been read. */
  boolean nil() {
    if (bytes[at] == (byte) 0xc0) {
      at++;
      return true;
    }
    return false;
  }

  boolean bool() {
    int code = code();
    if (code != 0xc2 && code != 0xc3) {
      throw new OtherKindException("true or false", code);
    }
    return code == 0xc3;
  }

  long whole() {
    int code = code();
    if (code < 0x80 || code >= 0xe0) {
      return (byte) code;
    }
    return switch (code) {
      case 0xcc -> big(1) & 0xffL;
      case 0xcd -> big(2) & 0xffffL;
      case 0xce -> big(4) & 0xffffffffL;
      case 0xcf -> notNegative(big(8));
      case 0xd0 -> (byte) big(1);
      case 0xd1 -> (short) big(2);
      case 0xd2 -> (int) big(4);
      case 0xd3 -> big(8);
      default -> throw new OtherKindException("a whole number", code);
    };
  }

  private static long notNegative(long value) {
    if (value < 0) {
      throw new IllegalStateException(
          "Python's answer has a whole number outside the 64-bit range");
    }
    return value;
  }

  int small() {
    return Math.toIntExact(whole());
  }

  double number() {
    int code = code();
    if (code != 0xcb) {
      throw new OtherKindException("a float", code);
    }
    return Double.longBitsToDouble(big(8));
  }

  String text() {
    int code = code();
    int size;
    if (code >= 0xa0 && code < 0xc0) {
      size = code & 0x1f;
    } else {
      size =
          switch (code) {
            case 0xd9 -> (int) big(1) & 0xff;
            case 0xda -> (int) big(2) & 0xffff;
            case 0xdb -> (int) big(4);
            default -> throw new OtherKindException("a text", code);
          };
    }
    String text = new String(bytes, at, size, StandardCharsets.UTF_8);
    at += size;
    return text;
  }

  byte[] binary() {
    int code = code();
    int size =
        switch (code) {
          case 0xc4 -> (int) big(1) & 0xff;
          case 0xc5 -> (int) big(2) & 0xffff;
          case 0xc6 -> (int) big(4);
          default -> throw new OtherKindException("bytes", code);
        };
    byte[] value = Arrays.copyOfRange(bytes, at, at + size);
    at += size;
    return value;
  }

  int arrayHeader() {
    int code = code();
    if (code >= 0x90 && code < 0xa0) {
      return code & 0xf;
    }
    return switch (code) {
      case 0xdc -> (int) big(2) & 0xffff;
      case 0xdd -> (int) big(4);
      default -> throw new OtherKindException("an array", code);
    };
  }

  int mapHeader() {
    int code = code();
    if (code >= 0x80 && code < 0x90) {
      return code & 0xf;
    }
    return switch (code) {
      case 0xde -> (int) big(2) & 0xffff;
      case 0xdf -> (int) big(4);
      default -> throw new OtherKindException("a map", code);
    };
  }

  private int code() {
    return bytes[at++] & 0xff;
  }

  private long big(int size) {
    long value = bytes[at++];
    for (int i = 1; i < size; i++) {
      value = value << 8 | bytes[at++] & 0xff;
    }
    return value;
  }
}
