// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
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
   * hand over is more than the time that is won. Tried with ciphers of 4,700 (it takes twice as
   * long to read), 3,300 (no gain), 2,450 and 1,260 MiB/s (0.73 to 0.85 of the time), on 2 cores.
   */
  private static final long SLOW_BELOW = 2800 * MIB;

  /** Of the quickest counts: others were held up by other work of the machine. */
  private static final int SAMPLES = 64;

  private static final int CHUNKS = 16;

  /** Of this thread, which other work of the machine does not make slower, as it does the clock. */
  private static final ThreadMXBean TIMES = ManagementFactory.getThreadMXBean();

  /** Bytes in a second; a JVM that has just started is slow. */
  private static volatile long measured;

  /** What a test says instead; 0 if none does. */
  private static volatile long assumed;

  private CipherRate() {}

  public static boolean isSlow() {
    long rate = assumed == 0 ? measured : assumed;
    return rate < SLOW_BELOW;
  }

  /** Only tests say what was measured, whenever that is; returns what was said before. */
  public static long assume(long bytesPerSecond) {
    long before = assumed;
    assumed = bytesPerSecond;
    return before;
  }

  /** Measures, in some 10 ms. */
  static void measure(FileKeys keys) throws GeneralSecurityException {
    ChunkCipher cipher = keys.cipher(Cipher.ENCRYPT_MODE);
    byte[] plain = new byte[Layout.CHUNK];
    ByteBuffer sealed = ByteBuffer.allocateDirect(Layout.SEALED_CHUNK);
    long quickest = Long.MAX_VALUE;
    long chunk = 1L << 32;
    for (int sample = 0; sample < SAMPLES; sample++) {
      long start = TIMES.getCurrentThreadCpuTime();
      for (int i = 0; i < CHUNKS; i++) {
        cipher.encrypt(chunk++, plain, 0, Layout.CHUNK, sealed.clear());
      }
      quickest = Math.min(quickest, TIMES.getCurrentThreadCpuTime() - start);
    }
    cipher.release();
    measured = CHUNKS * Layout.CHUNK * 1_000_000_000L / quickest;
    LOG.info(
        "AES-256-GCM: {} MiB/s; large files {} a second thread",
        measured / MIB,
        isSlow() ? "may get" : "do without");
  }
}
