// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.flinksec.sealed.format.WrappedKey;

/** Several key providers as one: the first seals, all of them open. So state moves between them. */
public final class KeyChain implements KeyProvider {
  private final List<KeyProvider> providers;

  /** Who had which key at start: asked first, since to look for a key that is not there is slow. */
  private final Map<String, KeyProvider> holders = new HashMap<>();

  /**
   * @throws KeyException if two of them have a key of the same id: a file names its key by the id,
   *     so nobody could tell when the one key is not needed any more
   */
  public KeyChain(List<KeyProvider> providers) throws KeyException {
    this.providers = List.copyOf(providers);
    for (KeyProvider provider : providers) {
      for (String id : provider.keyIds()) {
        KeyProvider other = holders.put(id, provider);
        if (other != null) {
          throw new KeyException(
              "the %s and the %s both have a key '%s': add a key with another id first"
                  .formatted(other.describe(), provider.describe(), id));
        }
      }
    }
  }

  @Override
  public String primaryId() throws KeyException {
    return providers.get(0).primaryId();
  }

  @Override
  public Set<String> keyIds() throws KeyException {
    Map<String, KeyProvider> all = new HashMap<>();
    for (KeyProvider provider : providers) {
      provider.keyIds().forEach(id -> all.put(id, provider));
    }
    return all.keySet();
  }

  @Override
  public WrappedKey wrap(byte[] dataKey, AssociatedData associated) throws KeyException {
    return providers.get(0).wrap(dataKey, associated);
  }

  /** Asks one after the other; a provider that does not answer hides no other. */
  @Override
  public byte[] unwrap(WrappedKey wrapped, AssociatedData associated) throws KeyException {
    KeyException failed = null;
    KeyProvider likely = holders.getOrDefault(wrapped.keyId(), providers.get(0));
    List<KeyProvider> ordered =
        Stream.concat(Stream.of(likely), providers.stream()).distinct().toList();
    for (KeyProvider provider : ordered) {
      try {
        return provider.unwrap(wrapped, associated);
      } catch (KeyMissingException e) {
        continue;
      } catch (KeyException e) {
        failed = failed == null ? e : failed;
      }
    }
    if (failed != null) {
      throw failed;
    }
    throw new KeyMissingException(
        "key '%s' is not in the %s".formatted(wrapped.keyId(), describe()));
  }

  @Override
  public String describe() {
    return providers.stream().map(KeyProvider::describe).collect(Collectors.joining(" or the "));
  }
}
