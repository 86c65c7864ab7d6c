// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;

/**
 * Encrypts the chunks of one new message in order, each chunk number once.
 *
 * <p>The number moves on before a chunk is encrypted and nothing can move it back; after the last
 * chunk nothing is encrypted any more. Not thread safe: the stream that owns it locks.
 */
public final class ChunkSealer {
  private final ChunkCipher cipher;
  private long next;
  private boolean finished;

  public ChunkSealer(FileKeys keys) throws GeneralSecurityException {
    cipher = keys.cipher(Cipher.ENCRYPT_MODE);
  }

  /** Seals a full chunk to where the buffer stands; returns the bytes that it now has more. */
  public int seal(byte[] in, int offset, ByteBuffer out) throws GeneralSecurityException {
    return sealNext(in, offset, Layout.CHUNK, out);
  }

  /** Seals the last chunk, which is shorter than a full one and may be empty. */
  public int sealLast(byte[] in, int offset, int length, ByteBuffer out)
      throws GeneralSecurityException {
    if (length >= Layout.CHUNK) {
      throw new IllegalArgumentException("the last chunk must be short");
    }
    int written = sealNext(in, offset, length, out);
    finish();
    return written;
  }

  /** Seals nothing any more, also where the message has no last chunk. */
  public void finish() {
    finished = true;
    cipher.release();
  }

  private int sealNext(byte[] in, int offset, int length, ByteBuffer out)
      throws GeneralSecurityException {
    if (finished) {
      throw new IllegalStateException("the message is finished");
    }
    long chunk = next++;
    if (chunk >= Layout.MAX_CHUNKS) {
      throw new GeneralSecurityException("a sealed file holds less than 4 PiB");
    }
    return cipher.encrypt(chunk, in, offset, length, out);
  }
}
