// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.HexFormat;
import org.flinksec.sealed.format.SealedFileException.Reason;

/**
 * The part of the header that is authenticated and never rewritten.
 *
 * @param dataKeyId 16 bytes that name the data key
 * @param fileId 16 random bytes
 * @param createdMillis milliseconds since the epoch
 */
public record Context(
    NamePolicy policy, String name, byte[] dataKeyId, byte[] fileId, long createdMillis) {
  public static final int ID = 16;

  private static final byte[] MAGIC = HexFormat.of().parseHex("89465345414c0d0a");
  public static final int VERSION = 1;
  private static final int SUITE = 1;
  private static final int NAME_OFFSET = 64;

  /** The 320 bytes. */
  public byte[] toBytes() {
    byte[] nameBytes = name.getBytes(UTF_8);
    return ByteBuffer.allocate(Layout.CONTEXT)
        .put(MAGIC)
        .put((byte) VERSION)
        .put((byte) SUITE)
        .putShort((short) Layout.HEADER)
        .putShort((short) 0)
        .put((byte) policy.ordinal())
        .put((byte) nameBytes.length)
        .put(dataKeyId)
        .put(fileId)
        .putLong(createdMillis)
        .put(NAME_OFFSET, nameBytes)
        .array();
  }

  /**
   * Whether these first bytes of a file may be a sealed file's, all of it or cut short.
   *
   * @param length how many of the bytes were read
   */
  public static boolean hasMagic(byte[] start, int length) {
    int compared = Math.min(length, MAGIC.length);
    return Arrays.equals(start, 0, compared, MAGIC, 0, compared);
  }

  /** Parses the first 320 bytes of a file whose magic was found. */
  static Context parse(byte[] header) throws SealedFileException {
    ByteBuffer in = ByteBuffer.wrap(header, 0, Layout.CONTEXT).position(MAGIC.length);
    supported("format version", in.get(), VERSION);
    supported("suite", in.get(), SUITE);
    supported("header length", in.getShort(), Layout.HEADER);
    supported("flags", in.getShort(), 0);
    int policy = Byte.toUnsignedInt(in.get());
    int nameLength = Byte.toUnsignedInt(in.get());
    byte[] dataKeyId = new byte[ID];
    byte[] fileId = new byte[ID];
    in.get(dataKeyId).get(fileId);
    long created = in.getLong();
    if (policy >= NamePolicy.values().length
        || in.getLong() != 0
        || !allZero(header, NAME_OFFSET + nameLength, Layout.CONTEXT)) {
      throw new SealedFileException(Reason.TAMPERED, "a header field has an impossible value");
    }
    String name = name(header, nameLength);
    return new Context(NamePolicy.values()[policy], name, dataKeyId, fileId, created);
  }

  private static String name(byte[] header, int length) throws SealedFileException {
    try {
      String name =
          UTF_8.newDecoder().decode(ByteBuffer.wrap(header, NAME_OFFSET, length)).toString();
      if (!name.isEmpty() && !name.startsWith("/") && name.indexOf('\0') < 0) {
        return name;
      }
    } catch (CharacterCodingException e) {
      // Reported below, like every other impossible name.
    }
    throw new SealedFileException(Reason.TAMPERED, "the stored name is impossible");
  }

  private static void supported(String field, int value, int known) throws SealedFileException {
    if (value != known) {
      throw new SealedFileException(
          Reason.UNSUPPORTED,
          field + " " + value + " is not known: written by a newer version, or altered");
    }
  }

  static boolean allZero(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
