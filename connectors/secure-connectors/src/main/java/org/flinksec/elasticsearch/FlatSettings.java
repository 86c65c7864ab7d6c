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
      throw new IllegalArgumentException("elasticsearch." + key + " is not set");
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
        "%s is '%s'; it must be a whole number, at least %d".formatted(key, value, least));
  }

  void requireAllTaken() {
    if (!left.isEmpty()) {
      throw new IllegalArgumentException(
          "unknown settings of the Elasticsearch sink: "
              + String.join(", ", new TreeSet<>(left.keySet())));
    }
  }
}
