// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.values;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.flinksec.json.HalfSurrogates;

/** Text to UTF-8 and back, strictly: Java's own conversions replace what is wrong. */
public final class Utf8 {
  private Utf8() {}

  /**
   * @throws BadValueException if it is not UTF-8
   */
  public static String text(byte[] bytes) throws BadValueException {
    return text(ByteBuffer.wrap(bytes));
  }

  /**
   * @throws BadValueException if it is not UTF-8
   */
  public static String text(ByteBuffer bytes) throws BadValueException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new BadValueException("is not UTF-8");
    }
  }

  /**
   * @throws BadValueException if it holds half of a surrogate pair
   */
  public static byte[] bytes(String text) throws BadValueException {
    return checked(text).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The text itself.
   *
   * @throws BadValueException if it holds half of a surrogate pair
   */
  public static String checked(String text) throws BadValueException {
    if (HalfSurrogates.in(text)) {
      throw new BadValueException("holds half of a surrogate pair, which is not text");
    }
    return text;
  }
}
