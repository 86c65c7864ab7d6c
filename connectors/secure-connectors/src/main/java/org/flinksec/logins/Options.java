// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.security.auth.login.AppConfigurationEntry;
import org.flinksec.secrets.SecretText;
import org.flinksec.secrets.UnusableSecretException;

/**
 * The options of {@code sasl.jaas.config}, which Kafka's login modules pass over.
 *
 * @param values by name; {@code section} is that of the settings they come from
 */
record Options(Map<String, String> values) {
  private static final String EXTENSION = "extension_";

  static Options of(List<AppConfigurationEntry> entries) {
    if (entries.size() != 1) {
      throw new IllegalArgumentException("sasl.jaas.config must have one login module");
    }
    Map<String, String> values = new TreeMap<>();
    entries.get(0).getOptions().forEach((name, value) -> values.put(name, String.valueOf(value)));
    return new Options(values);
  }

  /** Null if it is not there. */
  String get(String name) {
    return values.get(name);
  }

  String required(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("sasl.jaas.config lacks the option " + name);
    }
    return value;
  }

  /** The name of a setting of the section, for messages. */
  String setting(String name) {
    return required("section") + "." + name;
  }

  /** The text in a file that an option names. */
  String secret(String option, String setting) throws UnusableLoginException {
    try {
      return SecretText.read(setting(setting), required(option));
    } catch (UnusableSecretException e) {
      throw new UnusableLoginException(e.getMessage());
    }
  }

  /** SASL extensions (KIP-342), by their names. */
  Map<String, String> extensions() {
    Map<String, String> found = new TreeMap<>();
    values.forEach(
        (name, value) -> {
          if (name.startsWith(EXTENSION)) {
            found.put(name.substring(EXTENSION.length()), value);
          }
        });
    return found;
  }
}
