// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.security.GeneralSecurityException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.flinksec.sealed.format.ChunkOpener;
import org.flinksec.sealed.format.ChunkSealer;
import org.flinksec.sealed.format.FileKeys;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.SealedFileException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the JVM compile the cipher off the critical path.
 *
 * <p>Interpreted, AES-GCM runs at under 100 MB/s for its first 64 MiB; ten thousand small chunks, a
 * third of a second on a thread of their own, are enough to get the compiled code.
 */
final class CipherWarmUp implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(CipherWarmUp.class);
  private static final int ROUNDS = 10_000;
  private static final int SIZE = 256;
  private static final AtomicBoolean STARTED = new AtomicBoolean();

  private CipherWarmUp() {}

  /** Starts the thread, once per process. */
  static void start() {
    if (STARTED.compareAndSet(false, true)) {
      Thread thread = new Thread(new CipherWarmUp(), "sealed-state-warm-up");
      thread.setDaemon(true);
      thread.start();
    }
  }

  @Override
  public void run() {
    try {
      byte[] plain = new byte[SIZE];
      byte[] sealed = new byte[SIZE + Layout.TAG];
      for (int i = 0; i < ROUNDS; i++) {
        byte[] salt = new byte[Layout.SALT];
        salt[0] = (byte) i;
        salt[1] = (byte) (i >>> Byte.SIZE);
        FileKeys keys = FileKeys.derive(new byte[32], salt, plain);
        new ChunkSealer(keys).sealLast(plain, 0, SIZE, sealed, 0);
        new ChunkOpener(keys).open(0, sealed, 0, sealed.length, plain, 0);
      }
    } catch (GeneralSecurityException | SealedFileException e) {
      LOG.debug("Warming up the cipher failed; the first checkpoint will be slower.", e);
    }
  }
}
