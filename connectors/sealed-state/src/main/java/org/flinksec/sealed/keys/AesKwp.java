// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/** AES key wrap with padding, RFC 5649. */
public final class AesKwp {
  private static final String TRANSFORMATION = "AES/KWP/NoPadding";

  private AesKwp() {}

  /** Wraps {@code key} under {@code keyEncryptionKey}. */
  public static byte[] wrap(byte[] keyEncryptionKey, byte[] key) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance(TRANSFORMATION);
    cipher.init(Cipher.WRAP_MODE, new SecretKeySpec(keyEncryptionKey, "AES"));
    return cipher.wrap(new SecretKeySpec(key, "AES"));
  }

  /** Unwraps; fails if {@code wrapped} was altered or wrapped by another key. */
  public static byte[] unwrap(byte[] keyEncryptionKey, byte[] wrapped)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance(TRANSFORMATION);
    cipher.init(Cipher.UNWRAP_MODE, new SecretKeySpec(keyEncryptionKey, "AES"));
    return cipher.unwrap(wrapped, "AES", Cipher.SECRET_KEY).getEncoded();
  }
}
