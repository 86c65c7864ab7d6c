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
      new CipherChoice(
          new Pool<>(() -> new CipherWorker.OnArrays(Cipher.getInstance(TRANSFORMATION))));

  private static volatile CipherChoice inUse = JDK;

  private final Pool<CipherWorker> pool;

  private CipherChoice(Pool<CipherWorker> pool) {
    this.pool = pool;
  }

  /** Ciphers of this provider, which is quick with direct memory only. */
  public static CipherChoice of(Provider provider) {
    return new CipherChoice(
        new Pool<>(
            () -> new CipherWorker.OnDirectMemory(Cipher.getInstance(TRANSFORMATION, provider))));
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

  CipherWorker take() throws GeneralSecurityException {
    return pool.take();
  }

  void giveBack(CipherWorker worker) {
    pool.giveBack(worker);
  }
}
