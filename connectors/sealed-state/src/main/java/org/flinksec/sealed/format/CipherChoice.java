// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.security.GeneralSecurityException;
import java.security.Provider;
import javax.crypto.Cipher;

/**
 * What computes AES-256-GCM in this process: the JDK, or a provider that was named.
 *
 * <p>A named provider is asked as an object: it is never installed for the whole JVM, and nothing
 * stands in for it.
 */
public final class CipherChoice {
  private static final String TRANSFORMATION = "AES/GCM/NoPadding";

  /** Whatever the JVM takes by itself. */
  public static final CipherChoice JDK =
      new CipherChoice(new Pool<>(() -> Cipher.getInstance(TRANSFORMATION)), false);

  private static volatile CipherChoice inUse = JDK;

  private final Pool<Cipher> pool;
  private final boolean exactArrays;

  private CipherChoice(Pool<Cipher> pool, boolean exactArrays) {
    this.pool = pool;
    this.exactArrays = exactArrays;
  }

  /** Ciphers of this provider, which copies whole arrays, however little of them it works on. */
  public static CipherChoice of(Provider provider) {
    return new CipherChoice(new Pool<>(() -> Cipher.getInstance(TRANSFORMATION, provider)), true);
  }

  /** Lets files that are opened from now on have these Ciphers; returns those of before. */
  public static CipherChoice use(CipherChoice choice) {
    CipherChoice before = inUse;
    inUse = choice;
    return before;
  }

  static CipherChoice inUse() {
    return inUse;
  }

  Cipher take() throws GeneralSecurityException {
    return pool.take();
  }

  void giveBack(Cipher cipher) {
    pool.giveBack(cipher);
  }

  /** Whether work on a part of an array so much longer costs more than to copy the part. */
  boolean shouldCopy(byte[] array, int part) {
    return exactArrays && array.length > 2 * part;
  }
}
