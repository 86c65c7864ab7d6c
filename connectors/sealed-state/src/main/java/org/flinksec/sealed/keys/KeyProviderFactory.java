// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import java.util.List;
import java.util.Optional;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;

/** A kind of key provider: the options that name it, and how it is opened. */
public interface KeyProviderFactory {

  /** The option that names the provider: where it is not set, there is none of this kind. */
  ConfigOption<?> naming();

  /** Every option that is read, the naming one among them. None is a secret. */
  List<ConfigOption<?>> options();

  /**
   * The option that names the key for new files; without it the provider only opens. Empty if the
   * provider itself says which key that is, and so always seals.
   */
  Optional<ConfigOption<?>> primary();

  /** What to set, for messages: {@code flinksec.sealed.keys to a key ring's directory}. */
  String whatToSet();

  /** Opens the provider that the options name. */
  KeyProvider open(ReadableConfig config) throws KeyException;
}
