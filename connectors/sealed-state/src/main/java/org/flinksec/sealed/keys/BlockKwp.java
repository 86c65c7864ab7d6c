// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;

/**
 * AES key wrap with padding (RFC 5649) over single AES blocks, for keys that only a device knows.
 *
 * <p>Java 17 has no AES-KWP for such keys. A token encrypts blocks under a key that never leaves
 * it, and the rest of the algorithm needs no key.
 */
public final class BlockKwp {
  /** Encrypts, or decrypts, one block of 16 bytes. */
  @FunctionalInterface
  public interface Block {
    byte[] apply(byte[] block) throws KeyException;
  }

  private static final int HALF = 8;
  private static final int ROUNDS = 6;
  private static final byte[] MAGIC = {(byte) 0xa6, 0x59, 0x59, (byte) 0xa6};

  private BlockKwp() {}

  /** Wraps 9 or more bytes; the result is 8 to 15 bytes longer. */
  public static byte[] wrap(Block encrypt, byte[] key) throws KeyException {
    if (key.length <= HALF) {
      throw new IllegalArgumentException("RFC 5649 has another form for keys of up to 8 bytes");
    }
    int parts = (key.length + HALF - 1) / HALF;
    byte[] out = new byte[HALF + parts * HALF];
    ByteBuffer.wrap(out).put(MAGIC).putInt(key.length).put(key);
    long step = 0;
    for (int round = 0; round < ROUNDS; round++) {
      for (int part = 1; part <= parts; part++) {
        step++;
        put(out, part, encrypt.apply(block(out, part)));
        number(out, step);
      }
    }
    return out;
  }

  /** The key; empty if it was altered, or wrapped by another key. */
  public static Optional<byte[]> unwrap(Block decrypt, byte[] wrapped) throws KeyException {
    if (wrapped.length % HALF != 0 || wrapped.length < 3 * HALF) {
      return Optional.empty();
    }
    byte[] out = wrapped.clone();
    int parts = out.length / HALF - 1;
    long step = (long) ROUNDS * parts;
    for (int round = 0; round < ROUNDS; round++) {
      for (int part = parts; part >= 1; part--) {
        number(out, step);
        put(out, part, decrypt.apply(block(out, part)));
        step--;
      }
    }
    boolean known = MessageDigest.isEqual(MAGIC, Arrays.copyOf(out, MAGIC.length));
    long length = Integer.toUnsignedLong(ByteBuffer.wrap(out).getInt(MAGIC.length));
    long padding = (long) parts * HALF - length;
    if (!known || padding < 0 || padding >= HALF) {
      return Optional.empty();
    }
    int end = HALF + (int) length;
    for (int i = end; i < out.length; i++) {
      if (out[i] != 0) {
        return Optional.empty();
      }
    }
    return Optional.of(Arrays.copyOfRange(out, HALF, end));
  }

  private static byte[] block(byte[] out, int part) {
    byte[] block = Arrays.copyOf(out, 2 * HALF);
    System.arraycopy(out, part * HALF, block, HALF, HALF);
    return block;
  }

  private static void put(byte[] out, int part, byte[] block) {
    System.arraycopy(block, 0, out, 0, HALF);
    System.arraycopy(block, HALF, out, part * HALF, HALF);
  }

  private static void number(byte[] out, long step) {
    ByteBuffer check = ByteBuffer.wrap(out);
    check.putLong(0, check.getLong(0) ^ step);
  }
}
