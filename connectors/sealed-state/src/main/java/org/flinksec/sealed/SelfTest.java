// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import org.flinksec.sealed.format.ChunkOpener;
import org.flinksec.sealed.format.ChunkSealer;
import org.flinksec.sealed.format.FileKeys;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.keys.AesKwp;

/**
 * Known answers, checked before the first file is touched: some Java releases compute AES wrongly
 * or refuse certain sizes (JDK-8292158, JDK-8371864).
 */
final class SelfTest {
  /** This Java does not compute what it must. */
  static final class FailedException extends Exception {
    FailedException(String what, Throwable cause) {
      super("the self-test failed: this Java cannot " + what, cause);
    }
  }

  private static final int LAST_CHUNK = 100;

  private static final int[] LENGTHS = {
    0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 128, 129, 191, 192, 255, 256, 257,
    511, 512, 513, 767, 768, 769, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097, 8191, 8192,
    8193, 16367, 16368, 16369, 16383
  };

  /** Of all of them, one after the other; computed with other software. */
  private static final String LENGTHS_SHA256 =
      "736458c45951e7b399942975f4877b488341520822ad620acc4d71485cedd4ee";

  /** Of two chunks under key 00..1f, zero salt, empty context; computed with other software. */
  private static final String CIPHERTEXT_SHA256 =
      "50826138bde57aa647a4e6b11f028e4e699404ef146db6a7a20bf6406a605a63";

  private static final String COMMITMENT =
      "5c37774dc46a61346aff63088309290ea8c627b50e239821eea703ffd29642a9";

  /** RFC 5649, section 6, the key of seven octets. */
  private static final String KWP_KEK = "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8";

  private static final String KWP_KEY = "466f7250617369";
  private static final String KWP_WRAPPED = "afbeb0f07dfbf5419200f2ccb50bb24f";

  private SelfTest() {}

  static void run() throws FailedException {
    try {
      keyWrap();
      chunks();
      lengths(ByteBuffer.allocate(Layout.SEALED_CHUNK));
      lengths(ByteBuffer.allocateDirect(Layout.SEALED_CHUNK));
    } catch (GeneralSecurityException | SealedFileException e) {
      throw new FailedException("encrypt as AES-256-GCM and AES-KWP must", e);
    }
  }

  private static void keyWrap() throws GeneralSecurityException, FailedException {
    byte[] kek = hex(KWP_KEK);
    byte[] wrapped = AesKwp.wrap(kek, hex(KWP_KEY));
    check("wrap keys (RFC 5649)", wrapped, KWP_WRAPPED);
    check("unwrap keys (RFC 5649)", AesKwp.unwrap(kek, wrapped), KWP_KEY);
  }

  private static void chunks()
      throws GeneralSecurityException, SealedFileException, FailedException {
    byte[] plain = plain(Layout.CHUNK + LAST_CHUNK);
    FileKeys keys = FileKeys.derive(key(), new byte[Layout.SALT], new byte[0]);
    ChunkSealer sealer = new ChunkSealer(keys);
    byte[] sealed = new byte[plain.length + 2 * Layout.TAG];
    ByteBuffer out = ByteBuffer.wrap(sealed);
    int first = sealer.seal(plain, 0, out);
    sealer.sealLast(plain, Layout.CHUNK, LAST_CHUNK, out);
    if (!keys.matches(hex(COMMITMENT))) {
      throw new FailedException("derive keys (HKDF-SHA-512)", null);
    }
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(sealed);
    check("encrypt (AES-256-GCM)", digest, CIPHERTEXT_SHA256);
    byte[] opened = new byte[plain.length];
    ChunkOpener opener = new ChunkOpener(keys);
    opener.open(0, ByteBuffer.wrap(sealed, 0, first), opened, 0);
    opener.open(1, ByteBuffer.wrap(sealed, first, LAST_CHUNK + Layout.TAG), opened, Layout.CHUNK);
    check("decrypt (AES-256-GCM)", opened, HexFormat.of().formatHex(plain));
  }

  /**
   * Short last chunks of all lengths at which implementations change over, and around.
   *
   * @param sealed memory of the kind that is tested
   */
  private static void lengths(ByteBuffer sealed)
      throws GeneralSecurityException, SealedFileException, FailedException {
    MessageDigest all = MessageDigest.getInstance("SHA-256");
    byte[] plain = plain(Layout.CHUNK);
    byte[] salt = new byte[Layout.SALT];
    for (int length : LENGTHS) {
      salt[0] = (byte) length;
      salt[1] = (byte) (length >> 8);
      FileKeys keys = FileKeys.derive(key(), salt, new byte[0]);
      new ChunkSealer(keys).sealLast(plain, 0, length, sealed.clear());
      all.update(sealed.flip());
      byte[] opened = new byte[length];
      ChunkOpener opener = new ChunkOpener(keys);
      opener.open(0, sealed.rewind(), opened, 0);
      opener.release();
      if (!Arrays.equals(opened, 0, length, plain, 0, length)) {
        throw new FailedException("decrypt %d bytes (AES-256-GCM)".formatted(length), null);
      }
      refusesAltered(new ChunkOpener(keys), sealed.rewind(), length);
    }
    check("encrypt all lengths (AES-256-GCM)", all.digest(), LENGTHS_SHA256);
  }

  private static void refusesAltered(ChunkOpener opener, ByteBuffer sealed, int length)
      throws FailedException {
    sealed.put(length / 2, (byte) (sealed.get(length / 2) ^ 1));
    try {
      opener.open(0, sealed, new byte[length], 0);
    } catch (SealedFileException e) {
      return;
    }
    throw new FailedException("refuse altered bytes (AES-256-GCM)", null);
  }

  private static byte[] key() {
    byte[] key = new byte[32];
    for (int i = 0; i < key.length; i++) {
      key[i] = (byte) i;
    }
    return key;
  }

  private static byte[] plain(int length) {
    byte[] plain = new byte[length];
    for (int i = 0; i < plain.length; i++) {
      plain[i] = (byte) (i * 7);
    }
    return plain;
  }

  private static void check(String what, byte[] actual, String expected) throws FailedException {
    if (!Arrays.equals(actual, hex(expected))) {
      throw new FailedException(what, null);
    }
  }

  private static byte[] hex(String hex) {
    return HexFormat.of().parseHex(hex);
  }
}
