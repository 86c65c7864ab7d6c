// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.security.SecureRandom;
import java.time.Clock;
import org.flinksec.sealed.format.Context;
import org.flinksec.sealed.format.NamePolicy;
import org.flinksec.sealed.format.StoredName;
import org.flinksec.sealed.keys.DataKey;
import org.flinksec.sealed.keys.FileUnlocker;
import org.flinksec.sealed.keys.KeyException;
import org.flinksec.sealed.keys.KeyProvider;

/** What one process seals and opens files with: its data key, the key provider, the name policy. */
final class Vault {
  private final SecureRandom random;
  private final Clock clock;
  private final KeyProvider provider;
  private final DataKey dataKey;
  private final String root;
  private final NamePolicy nameLimit;

  Vault(KeyProvider provider, String root, NamePolicy nameLimit) throws KeyException {
    this(provider, root, nameLimit, new SecureRandom(), Clock.systemUTC());
  }

  /** Only tests choose the random bytes and the time, to write the same file twice. */
  Vault(KeyProvider provider, String root, NamePolicy nameLimit, SecureRandom random, Clock clock)
      throws KeyException {
    this.random = random;
    this.clock = clock;
    this.provider = provider;
    this.dataKey = DataKey.create(provider, random);
    this.root = root;
    this.nameLimit = nameLimit;
  }

  KeyProvider provider() {
    return provider;
  }

  DataKey dataKey() {
    return dataKey;
  }

  NamePolicy nameLimit() {
    return nameLimit;
  }

  FileUnlocker unlocker() {
    return new FileUnlocker(provider);
  }

  byte[] random(int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return bytes;
  }

  /** The context of a new file at this path. */
  Context contextFor(String path) {
    return new Context(
        NamePolicy.of(path),
        StoredName.of(path, root),
        dataKey.id(),
        random(Context.ID),
        clock.millis());
  }
}
