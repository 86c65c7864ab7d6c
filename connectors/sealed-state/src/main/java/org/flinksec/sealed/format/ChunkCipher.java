// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.concurrent.atomic.AtomicReference;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-256-GCM over numbered chunks, for one user at a time.
 *
 * <p>One {@link CipherWorker} is reused, with one-shot calls: a new Cipher per chunk costs up to
 * half of the speed. It is taken out of a {@link Pool} for the first chunk, and out of here for the
 * time of each call: so no second caller meets it, and {@link #release} during a call gives nothing
 * back.
 */
final class ChunkCipher {
  private final CipherChoice ciphers = CipherChoice.inUse();
  private final int mode;
  private final SecretKeySpec key;
  private final byte[] baseNonce;

  /** The worker between two calls. */
  private final AtomicReference<CipherWorker> idle = new AtomicReference<>();

  ChunkCipher(int mode, byte[] key, byte[] baseNonce) {
    this.mode = mode;
    this.key = new SecretKeySpec(key, "AES");
    this.baseNonce = baseNonce.clone();
  }

  /** Encrypts a chunk to where the buffer stands; returns the bytes that it now has more. */
  int encrypt(long chunk, byte[] in, int offset, int length, ByteBuffer out)
      throws GeneralSecurityException {
    CipherWorker worker = ready(chunk);
    int written = worker.encrypt(in, offset, length, out);
    idle.set(worker);
    return written;
  }

  /** Decrypts the chunk that is all of the buffer; returns its bytes. */
  int decrypt(long chunk, ByteBuffer in, byte[] out, int offset) throws GeneralSecurityException {
    CipherWorker worker = ready(chunk);
    int written = worker.decrypt(in, out, offset);
    idle.set(worker);
    return written;
  }

  /** Where a call throws, the Cipher is in an unknown state, and left to the garbage collector. */
  private CipherWorker ready(long chunk) throws GeneralSecurityException {
    CipherWorker own = idle.getAndSet(null);
    CipherWorker worker = own == null ? ciphers.take() : own;
    worker.init(mode, key, nonce(chunk));
    return worker;
  }

  /** Lets others have the worker, unless a call has it at this moment. */
  void release() {
    CipherWorker own = idle.getAndSet(null);
    if (own != null) {
      ciphers.giveBack(own);
    }
  }

  private byte[] nonce(long chunk) {
    byte[] nonce = baseNonce.clone();
    for (int i = 0; i < Long.BYTES; i++) {
      nonce[nonce.length - 1 - i] ^= (byte) (chunk >>> (8 * i));
    }
    return nonce;
  }
}
