// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import org.flinksec.sealed.format.SealedFileException.Reason;

/** Decrypts chunks of one message, in any order. Not thread safe. */
public final class ChunkOpener {
  private final FileKeys keys;
  private final ChunkCipher cipher;

  public ChunkOpener(FileKeys keys) throws GeneralSecurityException {
    this.keys = keys;
    cipher = keys.cipher(Cipher.DECRYPT_MODE);
  }

  /** One for the same message, for another thread. */
  public ChunkOpener another() {
    try {
      return new ChunkOpener(keys);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the cipher was there before", e);
    }
  }

  /** Tells that this opens nothing any more, or so little that it is no matter. */
  public void release() {
    cipher.release();
  }

  /**
   * Decrypts the chunk that is all of the buffer; returns its plaintext's length.
   *
   * @throws SealedFileException TAMPERED if its tag is wrong; then {@code out} has zeros for it
   */
  public int open(long chunk, ByteBuffer in, byte[] out, int offset) throws SealedFileException {
    int length = in.remaining();
    try {
      return cipher.decrypt(chunk, in, out, offset);
    } catch (GeneralSecurityException e) {
      // Not every provider leaves the output alone until it has compared the tag.
      Arrays.fill(out, offset, offset + Math.max(0, length - Layout.TAG), (byte) 0);
      throw new SealedFileException(
          Reason.TAMPERED,
          "chunk " + chunk + " is not authentic: the file was altered or cut short inside it",
          e);
    }
  }
}
