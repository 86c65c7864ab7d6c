// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;

/** What only tests may do: another hash, and chunks in any order. */
public final class TestChunks {
  private TestChunks() {}

  public static FileKeys derive(String hmac, byte[] inputKey, byte[] salt, byte[] context)
      throws GeneralSecurityException {
    return FileKeys.derive(hmac, inputKey, salt, context);
  }

  /** The name of the provider whose Ciphers new files get. */
  public static String providerInUse() throws GeneralSecurityException {
    return CipherChoice.inUse().take().cipher.getProvider().getName();
  }

  /** Seals one chunk under a number of choice. */
  public static byte[] seal(FileKeys keys, long chunk, byte[] plain)
      throws GeneralSecurityException {
    byte[] out = new byte[plain.length + Layout.TAG];
    keys.cipher(Cipher.ENCRYPT_MODE).encrypt(chunk, plain, 0, plain.length, ByteBuffer.wrap(out));
    return out;
  }
}
