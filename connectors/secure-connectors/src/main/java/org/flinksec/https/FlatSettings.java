// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/** Takes settings out of a map of text, and complains about what nobody took. */
public final class FlatSettings {
  private final String section;
  private final Map<String, String> otherNames;
  private final Map<String, String> left;

  /**
   * @param section of the settings, {@code elasticsearch}
   */
  public FlatSettings(String section, Map<String, String> settings) {
    this(section, settings, Map.of());
  }

  /**
   * @param otherNames what messages call those that are no settings of the section
   */
  public FlatSettings(
      String section, Map<String, String> settings, Map<String, String> otherNames) {
    this.section = section;
    this.otherNames = Map.copyOf(otherNames);
    this.left = new HashMap<>(settings);
  }

  /** The section of the settings. */
  public String section() {
    return section;
  }

  /** The setting, or null where it is absent or empty. */
  public String optional(String key) {
    String value = left.remove(key);
    return value == null || value.isBlank() ? null : value.strip();
  }

  /** The setting, or else a default. */
  public String optional(String key, String otherwise) {
    String value = optional(key);
    return value == null ? otherwise : value;
  }

  /** The setting, which must be there. */
  public String required(String key) {
    String value = optional(key);
    if (value == null) {
      throw new IllegalArgumentException(named(key) + " is not set");
    }
    return value;
  }

  /** {@code true} or {@code false}. */
  public boolean flag(String key, boolean otherwise) {
    String value = optional(key);
    if (value == null || value.equals("true") || value.equals("false")) {
      return value == null ? otherwise : value.equals("true");
    }
    throw new IllegalArgumentException(
        "%s is '%s'; it must be true or false".formatted(named(key), value));
  }

  /** A whole number from 1. */
  public int positive(String key, int otherwise) {
    return atLeast(1, key, otherwise);
  }

  /** A whole number. */
  public int atLeast(int least, String key, int otherwise) {
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
        "%s is '%s'; it must be a whole number from %d to %d"
            .formatted(named(key), value, least, Integer.MAX_VALUE));
  }

  /** The name by which a message calls a setting, or an argument of the job's. */
  private String named(String key) {
    return otherNames.getOrDefault(key, section + "." + key);
  }

  /**
   * @throws IllegalArgumentException for what nobody took
   */
  public void requireAllTaken() {
    if (!left.isEmpty()) {
      throw new IllegalArgumentException(
          "unknown settings of %s: %s"
              .formatted(section, String.join(", ", new TreeSet<>(left.keySet()))));
    }
  }
}
