// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.flinksec.sealed.format.WrappedKey;

/**
 * Key-encryption keys in a directory: one file of 32 bytes per key id, and {@code primary}.
 *
 * <p>A key that is not known is looked for on disk once more, so that a running process can read
 * what a newer one wrote after a key was added. AES-KWP has no associated data: none is bound.
 */
public final class DirectoryKeyRing implements KeyProvider {
  public static final ConfigOption<String> KEYS =
      ConfigOptions.key("flinksec.sealed.keys")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "The key ring directory: one file of 32 bytes per key id, and 'primary'.");

  /** A key ring, by its directory. */
  public static final class Factory implements KeyProviderFactory {
    @Override
    public ConfigOption<?> naming() {
      return KEYS;
    }

    @Override
    public List<ConfigOption<?>> options() {
      return List.of(KEYS);
    }

    @Override
    public Optional<ConfigOption<?>> primary() {
      return Optional.empty();
    }

    @Override
    public String whatToSet() {
      return KEYS.key() + " to a key ring's directory";
    }

    @Override
    public KeyProvider open(ReadableConfig config) throws KeyException {
      return DirectoryKeyRing.open(Path.of(config.get(KEYS)));
    }
  }

  private final Path directory;
  private final String primaryId;

  /** With what was unwrapped by these very keys. */
  private record Known(Map<String, byte[]> keys, UnwrappedKeys dataKeys) {}

  private volatile Known known;

  private DirectoryKeyRing(Path directory, String primaryId, Map<String, byte[]> keys) {
    this.directory = directory;
    this.primaryId = primaryId;
    this.known = new Known(keys, new UnwrappedKeys());
  }

  /** Reads and checks the whole ring. */
  public static DirectoryKeyRing open(Path directory) throws KeyException {
    try {
      Map.Entry<String, ? extends Map<String, byte[]>> ring = KeyFiles.read(directory);
      String primary = ring.getKey();
      Map<String, byte[]> keys = ring.getValue();
      if (!keys.containsKey(primary)) {
        throw new KeyException("'primary' names the key '" + primary + "', which is not there");
      }
      return new DirectoryKeyRing(directory, primary, keys);
    } catch (KeyException e) {
      throw new KeyException("key ring " + directory + ": " + e.getMessage(), e);
    }
  }

  @Override
  public String primaryId() {
    return primaryId;
  }

  @Override
  public Set<String> keyIds() {
    return Set.copyOf(known.keys.keySet());
  }

  @Override
  public WrappedKey wrap(byte[] dataKey, AssociatedData associated) throws KeyException {
    try {
      byte[] wrapped = AesKwp.wrap(known.keys.get(primaryId), dataKey);
      return new WrappedKey(WrappedKey.AES_KWP, primaryId, wrapped);
    } catch (GeneralSecurityException e) {
      throw new KeyException("key '" + primaryId + "' of " + describe() + " cannot wrap", e);
    }
  }

  @Override
  public byte[] unwrap(WrappedKey wrapped, AssociatedData associated) throws KeyException {
    Known with = knowing(wrapped.keyId());
    byte[] key = with.keys.get(wrapped.keyId());
    return with.dataKeys.get(wrapped, associated, () -> unwrap(key, wrapped));
  }

  private byte[] unwrap(byte[] key, WrappedKey wrapped) throws KeyException {
    if (wrapped.algorithm() == WrappedKey.AES_KWP) {
      try {
        byte[] dataKey = AesKwp.unwrap(key, wrapped.bytes());
        if (dataKey.length == KeyFiles.KEY_BYTES) {
          return dataKey;
        }
      } catch (GeneralSecurityException e) {
        throw notWrappedBy(wrapped, e);
      }
    }
    throw notWrappedBy(wrapped, null);
  }

  @Override
  public String describe() {
    return "key ring " + directory;
  }

  private Known knowing(String keyId) throws KeyException {
    Known now = known;
    if (now.keys.containsKey(keyId)) {
      return now;
    }
    String missing = "key '" + keyId + "' is not in the " + describe();
    try {
      now = new Known(KeyFiles.readAll(directory), new UnwrappedKeys());
      known = now;
    } catch (KeyException e) {
      throw new KeyMissingException(missing + ", which cannot be read again: " + e.getMessage());
    }
    if (!now.keys.containsKey(keyId)) {
      throw new KeyMissingException(missing);
    }
    return now;
  }

  private KeyException notWrappedBy(WrappedKey wrapped, Exception cause) {
    String message = "its data key was not wrapped by key '%s' of the %s";
    return new KeyException(message.formatted(wrapped.keyId(), describe()), cause);
  }
}
