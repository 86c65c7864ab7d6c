// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The single-use key, base nonce and commitment of one message of C2SP chunked encryption.
 *
 * @see <a href="https://c2sp.org/chunked-encryption">c2sp.org/chunked-encryption</a>
 */
public final class FileKeys {
  private static final byte[] LABEL =
      "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0".getBytes(US_ASCII);
  private static final String HMAC = "HmacSHA512";
  private static final Pool<Mac> MACS = new Pool<>(() -> Mac.getInstance(HMAC));
  private static final int KEY = 32;
  private static final int NONCE = 12;

  private final byte[] key;
  private final byte[] baseNonce;
  private final byte[] commitment;

  private FileKeys(byte[] okm) {
    key = Arrays.copyOf(okm, KEY);
    baseNonce = Arrays.copyOfRange(okm, KEY, KEY + NONCE);
    commitment = Arrays.copyOfRange(okm, KEY + NONCE, okm.length);
  }

  /** Derives the keys of a Cobblestone-256 message. */
  public static FileKeys derive(byte[] inputKey, byte[] salt, byte[] context)
      throws GeneralSecurityException {
    return derive(HMAC, inputKey, salt, context);
  }

  /**
   * As {@link #derive(byte[], byte[], byte[])}; the hash differs only in vectors made by others.
   */
  static FileKeys derive(String hmac, byte[] inputKey, byte[] salt, byte[] context)
      throws GeneralSecurityException {
    if (inputKey.length != KEY) {
      throw new GeneralSecurityException("a data key has 32 bytes, not " + inputKey.length);
    }
    boolean pooled = hmac.equals(HMAC);
    Mac mac = pooled ? MACS.take() : Mac.getInstance(hmac);
    mac.init(new SecretKeySpec(inputKey, hmac));
    byte[] okm = new byte[KEY + NONCE + Layout.COMMITMENT];
    byte[] block = new byte[0];
    int done = 0;
    for (int counter = 1; done < okm.length; counter++) {
      mac.update(block);
      mac.update(LABEL);
      mac.update(salt);
      mac.update(context);
      block = mac.doFinal(new byte[] {(byte) counter});
      int size = Math.min(block.length, okm.length - done);
      System.arraycopy(block, 0, okm, done, size);
      done += size;
    }
    if (pooled) {
      MACS.giveBack(mac);
    }
    return new FileKeys(okm);
  }

  public byte[] commitment() {
    return commitment.clone();
  }

  /** Compares in constant time. */
  public boolean matches(byte[] storedCommitment) {
    return MessageDigest.isEqual(commitment, storedCommitment);
  }

  ChunkCipher cipher(int mode) throws GeneralSecurityException {
    return new ChunkCipher(mode, key, baseNonce);
  }
}
