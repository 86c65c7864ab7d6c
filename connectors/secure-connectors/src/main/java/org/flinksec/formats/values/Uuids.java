// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.values;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Pattern;

/** UUIDs, which are text in a row, in the canonical form of RFC 9562. */
public final class Uuids {
  private static final Pattern FORM =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  private static final int BYTES = 16;

  private Uuids() {}

  /** The canonical form of a text. */
  public static String canonical(String text) throws BadValueException {
    if (!FORM.matcher(text).matches()) {
      throw new BadValueException("is not a UUID");
    }
    return text.toLowerCase(Locale.ROOT);
  }

  /** The canonical form of 16 bytes. */
  public static String of(byte[] bytes) throws BadValueException {
    if (bytes.length != BYTES) {
      throw new BadValueException("is not a UUID of 16 bytes");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new UUID(buffer.getLong(), buffer.getLong()).toString();
  }

  /** The 16 bytes of a UUID. */
  public static byte[] bytes(String text) throws BadValueException {
    UUID uuid = UUID.fromString(canonical(text));
    return ByteBuffer.allocate(BYTES)
        .putLong(uuid.getMostSignificantBits())
        .putLong(uuid.getLeastSignificantBits())
        .array();
  }
}
