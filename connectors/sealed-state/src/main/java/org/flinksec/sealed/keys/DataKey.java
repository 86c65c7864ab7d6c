// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import java.security.SecureRandom;
import org.flinksec.sealed.format.Context;
import org.flinksec.sealed.format.WrappedKey;

/** The key that one process seals its new files with; it never leaves memory unwrapped. */
public final class DataKey {
  private final byte[] id;
  private final byte[] key;
  private final WrappedKey wrapped;

  private DataKey(byte[] id, byte[] key, WrappedKey wrapped) {
    this.id = id;
    this.key = key;
    this.wrapped = wrapped;
  }

  /**
   * Makes a key and wraps it under the provider's primary key.
   *
   * @param job what it is for; empty if that is not known
   */
  public static DataKey create(KeyProvider provider, SecureRandom random, String job)
      throws KeyException {
    byte[] id = new byte[Context.ID];
    byte[] key = new byte[KeyFiles.KEY_BYTES];
    random.nextBytes(id);
    random.nextBytes(key);
    return new DataKey(id, key, provider.wrap(key, AssociatedData.of(id, job)));
  }

  public byte[] id() {
    return id.clone();
  }

  public byte[] key() {
    return key.clone();
  }

  public WrappedKey wrapped() {
    return wrapped;
  }
}
