// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.flinksec.sealed.format.WrappedKey;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.flinksec.sealed.keys.KeyChain;
import org.flinksec.sealed.keys.KeyException;
import org.flinksec.sealed.keys.KeyProvider;
import org.flinksec.sealed.keys.KeyProviderFactory;
import org.flinksec.sealed.keys.pkcs11.TokenKeys;

/** The key providers that the configuration names, as one. */
final class KeyProviders {
  /** Every kind there is. A new one takes its place here, and nowhere else. */
  private static final List<KeyProviderFactory> KINDS =
      List.of(new DirectoryKeyRing.Factory(), new TokenKeys.Factory());

  private final List<KeyProviderFactory> kinds;

  KeyProviders() {
    this(KINDS);
  }

  /** Only tests bring kinds of their own. */
  KeyProviders(List<KeyProviderFactory> kinds) {
    this.kinds = kinds;
  }

  /** What to set, if no provider is named. */
  String whatToSet() {
    return kinds.stream().map(KeyProviderFactory::whatToSet).collect(Collectors.joining(", or "));
  }

  /**
   * Opens them; empty if none is named. Of several, the one whose key for new files is named seals,
   * else the one that knows it by itself; all of them open.
   *
   * @throws KeyException if they cannot be used; the message begins with the option
   */
  Optional<KeyProvider> open(Configuration given) throws KeyException {
    Configuration config = withSystemProperties(given);
    List<KeyProviderFactory> named =
        kinds.stream().filter(kind -> config.contains(kind.naming())).toList();
    if (named.isEmpty()) {
      return Optional.empty();
    }
    checkOneSeals(named, config);
    List<KeyProvider> providers = new ArrayList<>();
    for (KeyProviderFactory kind : sealingFirst(named, config)) {
      providers.add(of(kind.naming(), () -> kind.open(config)));
    }
    if (providers.size() == 1) {
      return Optional.of(providers.get(0));
    }
    return Optional.of(of(named.get(0).naming(), () -> new KeyChain(providers)));
  }

  /** The job that new data keys are for; empty if it is not known. */
  String job(Configuration config) throws KeyException {
    String job = withSystemProperties(config).get(SealedOptions.JOB);
    try {
      WrappedKey.checkJob(job);
    } catch (IllegalArgumentException e) {
      throw new KeyException(SealedOptions.JOB.key() + ": " + e.getMessage(), e);
    }
    return job;
  }

  /** System properties stand in where a process starts file systems without a configuration. */
  Configuration withSystemProperties(Configuration given) {
    Configuration config = new Configuration(given);
    Stream.concat(
            Stream.of(SealedOptions.JOB, SealedOptions.CIPHER, SealedOptions.NATIVE_DIRECTORY),
            kinds.stream().flatMap(kind -> kind.options().stream()))
        .map(ConfigOption::key)
        .forEach(
            key -> {
              String value = System.getProperty(key);
              if (value != null && !config.containsKey(key)) {
                config.setString(key, value);
              }
            });
    return config;
  }

  private static void checkOneSeals(List<KeyProviderFactory> named, Configuration config)
      throws KeyException {
    List<String> chosen =
        named.stream()
            .filter(kind -> rank(kind, config) == 0)
            .map(kind -> kind.primary().orElseThrow().key())
            .toList();
    if (chosen.size() > 1) {
      throw new KeyException(
          String.join(" and ", chosen) + " both name a key that seals new files: keep one");
    }
    KeyProviderFactory first = sealingFirst(named, config).get(0);
    if (rank(first, config) == 2) {
      throw new KeyException(
          "%s: %s must name the key that seals new files"
              .formatted(first.naming().key(), first.primary().orElseThrow().key()));
    }
  }

  private static List<KeyProviderFactory> sealingFirst(
      List<KeyProviderFactory> kinds, Configuration config) {
    return kinds.stream().sorted(Comparator.comparingInt(kind -> rank(kind, config))).toList();
  }

  /** 0 if its key for new files is named, 1 if it knows that key by itself, 2 if it only opens. */
  private static int rank(KeyProviderFactory kind, Configuration config) {
    return kind.primary().map(option -> config.contains(option) ? 0 : 2).orElse(1);
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
