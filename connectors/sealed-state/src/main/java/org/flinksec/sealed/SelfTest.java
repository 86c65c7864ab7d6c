// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

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
    byte[] key = new byte[32];
    for (int i = 0; i < key.length; i++) {
      key[i] = (byte) i;
    }
    byte[] plain = new byte[Layout.CHUNK + LAST_CHUNK];
    for (int i = 0; i < plain.length; i++) {
      plain[i] = (byte) (i * 7);
    }
    FileKeys keys = FileKeys.derive(key, new byte[Layout.SALT], new byte[0]);
    ChunkSealer sealer = new ChunkSealer(keys);
    byte[] sealed = new byte[plain.length + 2 * Layout.TAG];
    int first = sealer.seal(plain, 0, sealed, 0);
    sealer.sealLast(plain, Layout.CHUNK, LAST_CHUNK, sealed, first);
    if (!keys.matches(hex(COMMITMENT))) {
      throw new FailedException("derive keys (HKDF-SHA-512)", null);
    }
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(sealed);
    check("encrypt (AES-256-GCM)", digest, CIPHERTEXT_SHA256);
    byte[] opened = new byte[plain.length];
    ChunkOpener opener = new ChunkOpener(keys);
    opener.open(0, sealed, 0, first, opened, 0);
    opener.open(1, sealed, first, LAST_CHUNK + Layout.TAG, opened, Layout.CHUNK);
    check("decrypt (AES-256-GCM)", opened, HexFormat.of().formatHex(plain));
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
