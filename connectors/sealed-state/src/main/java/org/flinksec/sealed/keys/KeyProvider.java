// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import java.util.Set;
import org.flinksec.sealed.format.WrappedKey;

/**
 * Whatever holds the key-encryption keys: a directory, a PKCS#11 token, a key management service.
 *
 * <p>Implementations are safe for use by many threads. A message of an exception names keys by
 * their ids only. What a new one must keep to is in docs/state-format.md, 3.1; its {@link
 * KeyProviderFactory} makes it known.
 */
public interface KeyProvider {

  /**
   * The id of the key that wraps the data keys of new files.
   *
   * @throws KeyException if no key was chosen for that: the provider only unwraps
   */
  String primaryId() throws KeyException;

  /** The ids of the keys at hand. */
  Set<String> keyIds() throws KeyException;

  /**
   * Wraps a 32-byte data key under the primary key.
   *
   * @param associated what the data key is for; bound to the result if the provider can
   */
  WrappedKey wrap(byte[] dataKey, AssociatedData associated) throws KeyException;

  /**
   * Unwraps a data key.
   *
   * @param associated what the file says that the data key is for. A provider that binds it refuses
   *     anything else than it was wrapped with
   * @throws KeyMissingException if the key that wrapped it is not here
   * @throws KeysUnavailableException if the provider does not answer
   * @throws KeyException if it does not unwrap to 32 bytes, or was wrapped for something else
   */
  byte[] unwrap(WrappedKey wrapped, AssociatedData associated) throws KeyException;

  /** Where the keys are, for logs and messages. */
  String describe();
}
