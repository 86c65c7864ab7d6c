// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import org.flinksec.https.FlatSettings;
import org.flinksec.https.HttpsSettings;

/**
 * How the schema registry is reached. Secrets are paths; they are read where a connection is made.
 *
 * @param https where it is, asked in turn until one answers; what is checked of it; who the job is
 * @param retryTimeout how long a registry that does not answer is asked again
 */
public record RegistrySettings(HttpsSettings https, Duration retryTimeout) implements Serializable {
  /**
   * Reads flat settings: {@code urls} (between commas), what {@link HttpsSettings#take} takes, and
   * {@code retry_timeout} (milliseconds).
   *
   * @throws IllegalArgumentException for an unknown, missing or contradictory setting
   */
  public static RegistrySettings parse(Map<String, String> settings) {
    FlatSettings flat = new FlatSettings("schema_registry", settings);
    RegistrySettings parsed =
        new RegistrySettings(
            HttpsSettings.take(flat, "urls"),
            Duration.ofMillis(flat.atLeast(0, "retry_timeout", 60_000)));
    flat.requireAllTaken();
    return parsed;
  }

  /**
   * The same for a question before the job starts: a registry that does not answer is not waited
   * for.
   */
  public RegistrySettings atOnce() {
    return new RegistrySettings(https, Duration.ZERO);
  }
}
