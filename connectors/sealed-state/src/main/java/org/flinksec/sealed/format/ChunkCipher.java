// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-256-GCM over numbered chunks, for one user at a time.
 *
 * <p>One Cipher is reused, with arrays and one-shot calls: a new Cipher per chunk costs up to half
 * of the speed, direct buffers more than that. It is taken out of a {@link Pool} for the first
 * chunk, and out of here for the time of each call: so no second caller meets it, and {@link
 * #release} during a call gives nothing back.
 */
final class ChunkCipher {
  private final CipherChoice ciphers = CipherChoice.inUse();
  private final int mode;
  private final SecretKeySpec key;
  private final byte[] baseNonce;

  /** The Cipher between two calls. */
  private final AtomicReference<Cipher> idle = new AtomicReference<>();

  ChunkCipher(int mode, byte[] key, byte[] baseNonce) throws GeneralSecurityException {
    this.mode = mode;
    this.key = new SecretKeySpec(key, "AES");
    this.baseNonce = baseNonce.clone();
  }

  int process(long chunk, byte[] in, int offset, int length, byte[] out, int outOffset)
      throws GeneralSecurityException {
    Cipher own = idle.getAndSet(null);
    Cipher cipher = own == null ? ciphers.take() : own;
    // Where this throws, the Cipher is in an unknown state, and is left to the garbage collector.
    cipher.init(mode, key, new GCMParameterSpec(Layout.TAG * 8, nonce(chunk)));
    int written = doFinal(cipher, in, offset, length, out, outOffset);
    idle.set(cipher);
    return written;
  }

  private int doFinal(Cipher cipher, byte[] in, int offset, int length, byte[] out, int outOffset)
      throws GeneralSecurityException {
    boolean copied = ciphers.shouldCopy(in, length);
    byte[] from = copied ? Arrays.copyOfRange(in, offset, offset + length) : in;
    int start = copied ? 0 : offset;
    if (!ciphers.shouldCopy(out, length)) {
      return cipher.doFinal(from, start, length, out, outOffset);
    }
    byte[] made = cipher.doFinal(from, start, length);
    System.arraycopy(made, 0, out, outOffset, made.length);
    return made.length;
  }

  /** Lets others have the Cipher, unless a call has it at this moment. */
  void release() {
    Cipher own = idle.getAndSet(null);
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
