// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.flinksec.sealed.keys.KeyChain;
import org.flinksec.sealed.keys.KeyException;
import org.flinksec.sealed.keys.KeyProvider;
import org.flinksec.sealed.keys.pkcs11.TokenAddress;
import org.flinksec.sealed.keys.pkcs11.TokenKeys;

/** The key providers that the configuration names, as one. */
final class KeyProviders {
  private static final List<ConfigOption<?>> OPTIONS =
      List.of(
          SealedOptions.KEYS,
          SealedOptions.PKCS11_MODULE,
          SealedOptions.PKCS11_TOKEN,
          SealedOptions.PKCS11_SLOT,
          SealedOptions.PKCS11_PIN_SOURCE,
          SealedOptions.PKCS11_PRIMARY);

  private KeyProviders() {}

  /**
   * Opens them; empty if none is named. With a key ring and a token, the one that seals is the
   * token if its primary key is named, else the key ring.
   *
   * @throws KeyException if they cannot be used; the message begins with the option
   */
  static Optional<KeyProvider> open(Configuration given) throws KeyException {
    Configuration config = withSystemProperties(given);
    List<KeyProvider> providers = new ArrayList<>();
    if (config.contains(SealedOptions.KEYS)) {
      providers.add(of(SealedOptions.KEYS, () -> ring(config)));
    }
    if (config.contains(SealedOptions.PKCS11_MODULE)) {
      KeyProvider token = of(SealedOptions.PKCS11_MODULE, () -> token(config));
      providers.add(config.contains(SealedOptions.PKCS11_PRIMARY) ? 0 : providers.size(), token);
    }
    if (providers.size() < 2) {
      return providers.stream().findFirst();
    }
    return Optional.of(of(SealedOptions.KEYS, () -> new KeyChain(providers)));
  }

  /** They stand in where a process starts file systems without a configuration. */
  private static Configuration withSystemProperties(Configuration given) {
    Configuration config = new Configuration(given);
    for (ConfigOption<?> option : OPTIONS) {
      String value = System.getProperty(option.key());
      if (value != null && !config.contains(option)) {
        config.setString(option.key(), value);
      }
    }
    return config;
  }

  private static KeyProvider ring(Configuration config) throws KeyException {
    return DirectoryKeyRing.open(Path.of(config.get(SealedOptions.KEYS)));
  }

  private static KeyProvider token(Configuration config) throws KeyException {
    String label = config.get(SealedOptions.PKCS11_TOKEN);
    Long slot = config.get(SealedOptions.PKCS11_SLOT);
    if ((label == null) == (slot == null)) {
      throw new KeyException(
          "one of %s and %s must name the token"
              .formatted(SealedOptions.PKCS11_TOKEN.key(), SealedOptions.PKCS11_SLOT.key()));
    }
    if (!config.contains(SealedOptions.PKCS11_PIN_SOURCE)) {
      throw new KeyException(
          SealedOptions.PKCS11_PIN_SOURCE.key() + " must name the file with the token's PIN");
    }
    if (!config.contains(SealedOptions.KEYS) && !config.contains(SealedOptions.PKCS11_PRIMARY)) {
      throw new KeyException(
          SealedOptions.PKCS11_PRIMARY.key() + " must name the key that seals new files");
    }
    TokenAddress address =
        new TokenAddress(
            Path.of(config.get(SealedOptions.PKCS11_MODULE)),
            label,
            slot,
            Path.of(config.get(SealedOptions.PKCS11_PIN_SOURCE)));
    return TokenKeys.open(address, config.get(SealedOptions.PKCS11_PRIMARY));
  }

  private interface Opened {
    KeyProvider open() throws KeyException;
  }

  private static KeyProvider of(ConfigOption<?> option, Opened opened) throws KeyException {
    try {
      return opened.open();
    } catch (KeyException e) {
      throw new KeyException(option.key() + ": " + e.getMessage(), e);
    }
  }
}
