// SPDX-License-Identifier: Apache-2.0
package org.flinksec.secrets;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads the file of a secret: UTF-8, without the one line break at its end that editors add. */
public final class SecretText {
  /** More is no secret; the library's Python has the same bound. */
  public static final int MOST_BYTES = 1 << 20;

  private SecretText() {}

  /**
   * @param setting names the file, for messages
   * @throws UnusableSecretException if it is missing, unreadable, empty, too large or no text
   */
  public static String read(String setting, String path) throws UnusableSecretException {
    byte[] content = bytes(setting, path);
    String text;
    try {
      CharBuffer decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content));
      text = decoded.toString();
    } catch (CharacterCodingException e) {
      // Without the cause, which counts the bytes.
      throw new UnusableSecretException("%s: %s is not UTF-8 text".formatted(setting, path));
    }
    text = without(without(text, '\n'), '\r');
    if (text.isEmpty()) {
      throw new UnusableSecretException("%s: the file %s is empty".formatted(setting, path));
    }
    return text;
  }

  private static byte[] bytes(String setting, String path) throws UnusableSecretException {
    Path file = Path.of(path);
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new UnusableSecretException("%s: %s is no regular file".formatted(setting, path));
      }
      try (InputStream stream = Files.newInputStream(file)) {
        byte[] content = stream.readNBytes(MOST_BYTES + 1);
        if (content.length > MOST_BYTES) {
          throw new UnusableSecretException("%s: %s is too large".formatted(setting, path));
        }
        return content;
      }
    } catch (UnusableSecretException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw new UnusableSecretException("%s: there is no file %s".formatted(setting, path));
    } catch (IOException e) {
      throw new UnusableSecretException("%s: cannot read %s".formatted(setting, path));
    }
  }

  private static String without(String text, char last) {
    int end = text.length() - 1;
    return end >= 0 && text.charAt(end) == last ? text.substring(0, end) : text;
  }
}
