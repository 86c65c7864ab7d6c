// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.crypto.Cipher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the JVM compile the cipher off the critical path.
 *
 * <p>Interpreted, AES-GCM runs at some 40 MB/s for its first 50 MB. Half a second on a thread of
 * its own is enough to get the compiled code. The many small pieces are what makes the compiler
 * begin; the few whole chunks among them are what it must compile for, else it throws its work away
 * at the first chunk of a checkpoint, and begins anew.
 */
public final class CipherWarmUp implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(CipherWarmUp.class);
  private static final int ROUNDS = 10_000;
  private static final int SMALL = 16;
  private static final int CHUNK_EVERY = 64;
  private static final AtomicBoolean STARTED = new AtomicBoolean();

  private CipherWarmUp() {}

  /** Starts the thread, once per process. */
  public static void start() {
    if (STARTED.compareAndSet(false, true)) {
      Thread thread = new Thread(new CipherWarmUp(), "sealed-state-warm-up");
      thread.setDaemon(true);
      thread.start();
    }
  }

  @Override
  public void run() {
    try {
      FileKeys keys = FileKeys.derive(new byte[32], new byte[Layout.SALT], new byte[0]);
      ChunkCipher sealer = keys.cipher(Cipher.ENCRYPT_MODE);
      ChunkCipher opener = keys.cipher(Cipher.DECRYPT_MODE);
      byte[] plain = new byte[Layout.CHUNK];
      ByteBuffer sealed = ByteBuffer.allocateDirect(Layout.SEALED_CHUNK);
      for (int i = 0; i < ROUNDS; i++) {
        int size = i % CHUNK_EVERY == 0 ? Layout.CHUNK : SMALL;
        sealer.encrypt(i, plain, 0, size, sealed.clear());
        opener.decrypt(i, sealed.flip(), plain, 0);
      }
      sealer.release();
      opener.release();
      CipherRate.measure(keys);
    } catch (GeneralSecurityException e) {
      LOG.debug("Warming up the cipher failed; the first checkpoint will be slower.", e);
    }
  }
}
