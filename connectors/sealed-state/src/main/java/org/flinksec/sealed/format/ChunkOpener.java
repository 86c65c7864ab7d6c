// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import org.flinksec.sealed.format.SealedFileException.Reason;

/** Decrypts chunks of one message, in any order. Not thread safe. */
public final class ChunkOpener {
  private final ChunkCipher cipher;

  public ChunkOpener(FileKeys keys) throws GeneralSecurityException {
    cipher = keys.cipher(Cipher.DECRYPT_MODE);
  }

  /**
   * Decrypts one chunk; returns its plaintext's length.
   *
   * @throws SealedFileException TAMPERED if its tag is wrong
   */
  public int open(long chunk, byte[] in, int offset, int length, byte[] out, int outOffset)
      throws SealedFileException {
    try {
      return cipher.process(chunk, in, offset, length, out, outOffset);
    } catch (GeneralSecurityException e) {
      throw new SealedFileException(
          Reason.TAMPERED,
          "chunk " + chunk + " is not authentic: the file was altered or cut short inside it",
          e);
    }
  }
}
