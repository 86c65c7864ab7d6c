// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Checks the bytes of a document before it is parsed: Jackson takes UTF-16 and UTF-32, surrogates
 * in UTF-8 (CESU-8) and overlong forms for text, which other readers of the same record do not.
 */
public final class JsonBytes {
  private JsonBytes() {}

  /**
   * Requires strict UTF-8.
   *
   * @return whether an escape names half of a surrogate pair, and the other half does not follow
   * @throws JsonDecodingException if the bytes are no UTF-8, or hold NUL, which no JSON has
   */
  public static boolean check(byte[] json) throws JsonDecodingException {
    boolean ascii = true;
    boolean escapes = false;
    for (byte b : json) {
      if (b == 0) {
        throw notUtf8();
      }
      ascii &= b > 0;
      escapes |= b == '\\';
    }
    if (!ascii) {
      requireUtf8(json);
    }
    return escapes && hasHalfPair(json);
  }

  private static void requireUtf8(byte[] json) throws JsonDecodingException {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json));
    } catch (CharacterCodingException e) {
      throw notUtf8();
    }
  }

  private static JsonDecodingException notUtf8() {
    return new JsonDecodingException("the document is not UTF-8");
  }

  private static boolean hasHalfPair(byte[] json) {
    int i = 0;
    while (i < json.length) {
      if (json[i] != '\\') {
        i++;
        continue;
      }
      int unit = unit(json, i);
      if (Character.isHighSurrogate((char) unit)) {
        if (!Character.isLowSurrogate((char) unit(json, i + 6))) {
          return true;
        }
        i += 12;
      } else if (Character.isLowSurrogate((char) unit)) {
        return true;
      } else {
        i += 2; // past the escaped character, which may be a backslash
      }
    }
    return false;
  }

  /** The UTF-16 unit of the escape at a position, or 0 where none stands. */
  private static int unit(byte[] json, int at) {
    if (at + 6 > json.length || json[at] != '\\' || json[at + 1] != 'u') {
      return 0;
    }
    int unit = 0;
    for (int i = at + 2; i < at + 6; i++) {
      int digit = Character.digit(json[i], 16);
      if (digit < 0) {
        return 0;
      }
      unit = unit << 4 | digit;
    }
    return unit;
  }
}
