// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * One of the two places in a header that hold the wrapped data key.
 *
 * @param generation counts up from 1 with every re-key
 */
public record KeySlot(long generation, WrappedKey key) {
  private static final int MAX_KEY_ID = 64;

  /** Bytes of a wrapped key, and of the job before it where one is bound. */
  public static final int MAX_WRAPPED = 276;

  private static final int KEY_ID_OFFSET = 8;
  private static final int WRAPPED_OFFSET = 72;
  private static final int CRC_OFFSET = Layout.SLOT - Integer.BYTES;

  /** Whether a key may be called so: it begins with a letter or digit, and has no path in it. */
  public static boolean isKeyId(String name) {
    return !name.isEmpty()
        && name.length() <= MAX_KEY_ID
        && Names.isLetterOrDigit(name.charAt(0))
        && Names.consistsOf(name, "._-");
  }

  /** The 352 bytes. */
  public byte[] toBytes() {
    byte[] keyId = key.keyId().getBytes(US_ASCII);
    byte[] field = field();
    ByteBuffer out =
        ByteBuffer.allocate(Layout.SLOT)
            .putInt((int) generation)
            .put((byte) key.algorithm())
            .put((byte) keyId.length)
            .putShort((short) field.length)
            .put(KEY_ID_OFFSET, keyId)
            .put(WRAPPED_OFFSET, field);
    return out.putInt(CRC_OFFSET, crc(out.array(), 0)).array();
  }

  /** Parses the slot at this offset; empty if it is unused or torn. */
  static Optional<KeySlot> parse(byte[] header, int offset) {
    ByteBuffer in = ByteBuffer.wrap(header, offset, Layout.SLOT).slice();
    long generation = Integer.toUnsignedLong(in.getInt());
    int algorithm = Byte.toUnsignedInt(in.get());
    int keyIdLength = Byte.toUnsignedInt(in.get());
    int fieldLength = Short.toUnsignedInt(in.getShort());
    if (generation == 0
        || in.getInt(CRC_OFFSET) != crc(header, offset)
        || keyIdLength > WRAPPED_OFFSET - KEY_ID_OFFSET
        || fieldLength == 0
        || fieldLength > MAX_WRAPPED) {
      return Optional.empty();
    }
    String keyId = new String(header, offset + KEY_ID_OFFSET, keyIdLength, US_ASCII);
    byte[] field = new byte[fieldLength];
    in.get(WRAPPED_OFFSET, field);
    return isKeyId(keyId)
        ? key(algorithm, keyId, field).map(key -> new KeySlot(generation, key))
        : Optional.empty();
  }

  /** The wrapped key, with the job before it where one is bound. */
  private byte[] field() {
    if (!WrappedKey.binds(key.algorithm())) {
      return key.bytes();
    }
    byte[] job = key.job().getBytes(US_ASCII);
    return ByteBuffer.allocate(1 + job.length + key.bytes().length)
        .put((byte) job.length)
        .put(job)
        .put(key.bytes())
        .array();
  }

  private static Optional<WrappedKey> key(int algorithm, String keyId, byte[] field) {
    if (!WrappedKey.binds(algorithm)) {
      return Optional.of(new WrappedKey(algorithm, keyId, field));
    }
    int start = 1 + Byte.toUnsignedInt(field[0]);
    if (start >= field.length) {
      return Optional.empty();
    }
    String job = new String(field, 1, start - 1, US_ASCII);
    return WrappedKey.isJob(job)
        ? Optional.of(
            new WrappedKey(algorithm, keyId, Arrays.copyOfRange(field, start, field.length), job))
        : Optional.empty();
  }

  private static int crc(byte[] bytes, int offset) {
    CRC32 crc = new CRC32();
    crc.update(bytes, offset, CRC_OFFSET);
    return (int) crc.getValue();
  }
}
