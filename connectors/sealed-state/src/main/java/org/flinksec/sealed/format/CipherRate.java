// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How fast this Java encrypts, measured once, when the JVM has compiled the cipher. */
public final class CipherRate {
  private static final Logger LOG = LoggerFactory.getLogger(CipherRate.class);
  private static final long MIB = 1 << 20;

  /**
   * Below this, a second thread that writes or reads makes a stream quicker; above, the time to
   * hand over is more than the time that is won.
   */
  private static final long SLOW_BELOW = 3000 * MIB;

  /** Of the quickest counts: others were held up by other work of the machine. */
  private static final int SAMPLES = 64;

  private static final int CHUNKS = 16;

  /** Bytes in a second; a JVM that has just started is slow. */
  private static volatile long measured;

  private CipherRate() {}

  public static boolean isSlow() {
    return measured < SLOW_BELOW;
  }

  /** Only tests say what was measured; returns what was said before. */
  public static long assume(long bytesPerSecond) {
    long before = measured;
    measured = bytesPerSecond;
    return before;
  }

  /** Measures, in some 10 ms. */
  static void measure(FileKeys keys) throws GeneralSecurityException {
    ChunkCipher cipher = keys.cipher(Cipher.ENCRYPT_MODE);
    byte[] plain = new byte[Layout.CHUNK];
    byte[] sealed = new byte[Layout.SEALED_CHUNK];
    long quickest = Long.MAX_VALUE;
    long chunk = 1L << 32;
    for (int sample = 0; sample < SAMPLES; sample++) {
      long start = System.nanoTime();
      for (int i = 0; i < CHUNKS; i++) {
        cipher.process(chunk++, plain, 0, Layout.CHUNK, sealed, 0);
      }
      quickest = Math.min(quickest, System.nanoTime() - start);
    }
    cipher.release();
    measured = CHUNKS * Layout.CHUNK * 1_000_000_000L / quickest;
    LOG.info(
        "AES-256-GCM: {} MiB/s; large files {} a second thread",
        measured / MIB,
        isSlow() ? "may get" : "do without");
  }
}
