// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.Optional;
import org.flinksec.tls.TlsFailures;

/** Tells failures that a setting causes from outages, and names the setting. */
final class ConnectionFailures {
  private ConnectionFailures() {}

  /**
   * What is wrong with the settings.
   *
   * @param host the server, or servers, spoken to
   * @return empty if the failure may pass by itself, such as a refused connection
   */
  static Optional<String> misconfiguration(
      ConnectionSettings settings, String host, Throwable failure) {
    return new TlsFailures("elasticsearch", "hosts", settings.tls())
        .misconfiguration(host, failure);
  }

  /** The message of a refused request: which credentials, which right. */
  static String refused(ConnectionSettings settings, String host, int status, String index) {
    return status == 401
        ? "%s refuses the credentials (status 401): %s"
            .formatted(host, Credentials.describe(settings))
        : "%s does not allow this on index '%s' (status 403): %s; the sink needs to index, and to view the index's metadata"
            .formatted(host, index, Credentials.describe(settings));
  }

  /** The innermost message, where the reason usually is. */
  static String last(Throwable failure) {
    return TlsFailures.last(failure);
  }
}
