// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A Cipher and the memory in which it is quick, for one caller at a time.
 *
 * <p>Plaintext is in arrays. Ciphertext is in a buffer of either kind: what is in memory of the
 * other kind than the Cipher likes goes through a piece of its own, of one chunk.
 */
abstract class CipherWorker {
  final Cipher cipher;

  private CipherWorker(Cipher cipher) {
    this.cipher = cipher;
  }

  final void init(int mode, SecretKeySpec key, byte[] nonce) throws GeneralSecurityException {
    cipher.init(mode, key, new GCMParameterSpec(Layout.TAG * 8, nonce));
  }

  /** Encrypts, in one call; moves the buffer's position on by what is returned. */
  abstract int encrypt(byte[] in, int offset, int length, ByteBuffer out)
      throws GeneralSecurityException;

  /** Decrypts all that remains in the buffer, in one call; returns the bytes in {@code out}. */
  abstract int decrypt(ByteBuffer in, byte[] out, int offset) throws GeneralSecurityException;

  /** The JDK's: direct memory is slower by half. */
  static final class OnArrays extends CipherWorker {
    private byte[] ciphertext;

    OnArrays(Cipher cipher) {
      super(cipher);
    }

    @Override
    int encrypt(byte[] in, int offset, int length, ByteBuffer out) throws GeneralSecurityException {
      int written;
      if (out.hasArray()) {
        written = cipher.doFinal(in, offset, length, out.array(), place(out));
        out.position(out.position() + written);
      } else {
        written = cipher.doFinal(in, offset, length, ciphertext(), 0);
        out.put(ciphertext, 0, written);
      }
      return written;
    }

    @Override
    int decrypt(ByteBuffer in, byte[] out, int offset) throws GeneralSecurityException {
      int length = in.remaining();
      if (in.hasArray()) {
        return cipher.doFinal(in.array(), place(in), length, out, offset);
      }
      in.get(ciphertext(), 0, length);
      return cipher.doFinal(ciphertext, 0, length, out, offset);
    }

    private byte[] ciphertext() {
      if (ciphertext == null) {
        ciphertext = new byte[Layout.SEALED_CHUNK];
      }
      return ciphertext;
    }

    private static int place(ByteBuffer buffer) {
      return buffer.arrayOffset() + buffer.position();
    }
  }

  /** Conscrypt's: of an array it copies all, however little it works on, and allocates for it. */
  static final class OnDirectMemory extends CipherWorker {
    private final ByteBuffer plaintext = ByteBuffer.allocateDirect(Layout.CHUNK);
    private final ByteBuffer ciphertext = ByteBuffer.allocateDirect(Layout.SEALED_CHUNK);

    OnDirectMemory(Cipher cipher) {
      super(cipher);
    }

    @Override
    int encrypt(byte[] in, int offset, int length, ByteBuffer out) throws GeneralSecurityException {
      plaintext.clear().put(in, offset, length).flip();
      if (out.isDirect()) {
        return cipher.doFinal(plaintext, out);
      }
      int written = cipher.doFinal(plaintext, ciphertext.clear());
      out.put(ciphertext.flip());
      return written;
    }

    @Override
    int decrypt(ByteBuffer in, byte[] out, int offset) throws GeneralSecurityException {
      ByteBuffer from = in.isDirect() ? in : ciphertext.clear().put(in).flip();
      int written = cipher.doFinal(from, plaintext.clear());
      plaintext.flip().get(out, offset, written);
      return written;
    }
  }
}
