// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/** Takes settings out of a map of text, and complains about what nobody took. */
final class FlatSettings {
  private final Map<String, String> left;

  FlatSettings(Map<String, String> settings) {
    this.left = new HashMap<>(settings);
  }

  /** The setting, or null where it is absent or empty. */
  String optional(String key) {
    String value = left.remove(key);
    return value == null || value.isBlank() ? null : value.strip();
  }

  String optional(String key, String otherwise) {
    String value = optional(key);
    return value == null ? otherwise : value;
  }

  String required(String key) {
    String value = optional(key);
    if (value == null) {
      throw new IllegalArgumentException(named(key) + " is not set");
    }
    return value;
  }

  int positive(String key, int otherwise) {
    return atLeast(1, key, otherwise);
  }

  int atLeast(int least, String key, int otherwise) {
    String value = optional(key);
    if (value == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(value);
      if (number >= least) {
        return number;
      }
    } catch (NumberFormatException e) {
      // falls through to the same complaint
    }
    throw new IllegalArgumentException(
        "%s is '%s'; it must be a whole number, at least %d".formatted(named(key), value, least));
  }

  /** The name by which a message calls a setting, or an argument of the job's. */
  private static String named(String key) {
    return switch (key) {
      case "index", "id_field" -> key;
      case "max_skipped_in_a_row" -> "job." + key;
      default -> "elasticsearch." + key;
    };
  }

  void requireAllTaken() {
    if (!left.isEmpty()) {
      throw new IllegalArgumentException(
          "unknown settings of Elasticsearch: " + String.join(", ", new TreeSet<>(left.keySet())));
    }
  }
}
