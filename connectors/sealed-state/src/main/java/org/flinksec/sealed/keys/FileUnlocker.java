// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import java.security.GeneralSecurityException;
import org.flinksec.sealed.format.FileKeys;
import org.flinksec.sealed.format.Header;
import org.flinksec.sealed.format.KeySlot;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.format.SealedFileException.Reason;

/** Finds the key slot that opens a file. */
public final class FileUnlocker {
  private final KeyProvider provider;

  public FileUnlocker(KeyProvider provider) {
    this.provider = provider;
  }

  /**
   * The keys of a file whose commitment they give.
   *
   * @throws SealedFileException KEY_MISSING if no slot names a key at hand, else TAMPERED
   * @throws KeysUnavailableException if a provider that could open it does not answer
   */
  public FileKeys unlock(Header header, byte[] salt, byte[] commitment)
      throws SealedFileException, KeysUnavailableException {
    KeyMissingException missing = null;
    KeysUnavailableException unavailable = null;
    Exception wrong = null;
    for (KeySlot slot : header.slots()) {
      try {
        byte[] dataKey =
            provider.unwrap(slot.key(), AssociatedData.of(header.context(), slot.key()));
        FileKeys keys = FileKeys.derive(dataKey, salt, header.contextBytes());
        if (keys.matches(commitment)) {
          return keys;
        }
        wrong = new KeyException("its header or its commitment was altered");
      } catch (KeyMissingException e) {
        missing = e;
      } catch (KeysUnavailableException e) {
        unavailable = e;
      } catch (KeyException | GeneralSecurityException e) {
        wrong = e;
      }
    }
    if (unavailable != null) {
      throw unavailable;
    }
    if (missing != null) {
      String hint = missing.getMessage() + "; put the key back, or restore from other state";
      throw new SealedFileException(Reason.KEY_MISSING, hint, missing);
    }
    String why = wrong == null ? "both of its key slots are unreadable" : wrong.getMessage();
    throw new SealedFileException(Reason.TAMPERED, why, wrong);
  }
}
