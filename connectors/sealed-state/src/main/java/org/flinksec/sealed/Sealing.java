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
final class Sealing {
  private final SecureRandom random;
  private final Clock clock;
  private final KeyProvider provider;
  private final DataKey dataKey;
  private final String root;
  private final NamePolicy nameLimit;

  /**
   * Makes the data key.
   *
   * @param job what it is for; empty if that is not known
   */
  Sealing(KeyProvider provider, String job, String root, NamePolicy nameLimit) throws KeyException {
    this(provider, job, root, nameLimit, new SecureRandom(), Clock.systemUTC());
  }

  /** Only tests choose the random bytes and the time, to write the same file twice. */
  Sealing(
      KeyProvider provider,
      String job,
      String root,
      NamePolicy nameLimit,
      SecureRandom random,
      Clock clock)
      throws KeyException {
    this.random = random;
    this.clock = clock;
    this.provider = provider;
    this.dataKey = DataKey.create(provider, random, job);
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
  Context contextFor(String path, byte[] fileId) {
    return new Context(
        NamePolicy.of(path), StoredName.of(path, root), dataKey.id(), fileId, clock.millis());
  }
}
