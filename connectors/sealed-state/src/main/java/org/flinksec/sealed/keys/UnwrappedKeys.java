// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.flinksec.sealed.format.WrappedKey;

/**
 * Data keys that a provider has unwrapped. Files share data keys, so it is asked once for each, and
 * not once for each file.
 *
 * <p>What was bound to a key counts: a data key is remembered for the associated data that it was
 * unwrapped with, and for no other.
 */
public final class UnwrappedKeys {
  private static final int KEPT = 1000;

  /** Asks the provider. */
  public interface Unwrap {
    byte[] unwrap() throws KeyException;
  }

  private record Id(int algorithm, String keyId, ByteBuffer wrapped, AssociatedData associated) {}

  private final Map<Id, byte[]> known =
      Collections.synchronizedMap(
          new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Id, byte[]> eldest) {
              return size() > KEPT;
            }
          });

  /** The data key, as remembered or as the provider says. */
  public byte[] get(WrappedKey wrapped, AssociatedData associated, Unwrap provider)
      throws KeyException {
    Id id =
        new Id(
            wrapped.algorithm(),
            wrapped.keyId(),
            ByteBuffer.wrap(wrapped.bytes().clone()),
            associated);
    byte[] dataKey = known.get(id);
    if (dataKey == null) {
      dataKey = provider.unwrap();
      known.put(id, dataKey);
    }
    return dataKey.clone();
  }
}
