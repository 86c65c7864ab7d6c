// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import java.util.Map;

/** Tries settings before a job is submitted. */
public final class RegistryPreflight {
  private RegistryPreflight() {}

  /**
   * Asks whether the registry lets the job in.
   *
   * @param settings see {@link RegistrySettings#parse}
   * @return empty if so; else what is wrong, naming the setting
   */
  public static String login(Map<String, String> settings) {
    try {
      new SchemaRegistry(RegistrySettings.parse(settings).atOnce()).login();
      return "";
    } catch (IllegalArgumentException | SchemaRegistryException e) {
      return e.getMessage();
    }
  }
}
