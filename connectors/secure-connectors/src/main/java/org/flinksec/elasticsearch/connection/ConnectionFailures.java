// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch.connection;

import java.util.Optional;
import org.apache.flink.util.ExceptionUtils;
import org.flinksec.https.HttpsFailures;
import org.flinksec.https.LoginException;

/** Tells failures that a setting causes from outages, and names the setting. */
public final class ConnectionFailures {
  private static final String LOGINS =
      "elasticsearch.username and elasticsearch.password, or elasticsearch.api_key";

  private ConnectionFailures() {}

  /**
   * What is wrong with the settings.
   *
   * @param host the server, or servers, spoken to
   * @return empty if the failure may pass by itself, such as a refused connection
   */
  public static Optional<String> misconfiguration(
      ConnectionSettings settings, String host, Throwable failure) {
    Optional<String> login =
        ExceptionUtils.findThrowable(failure, LoginException.class).map(Throwable::getMessage);
    return login.or(() -> settings.https().tlsFailures().misconfiguration(host, failure));
  }

  /** The message of a refused request: which credentials, which right. */
  public static String refused(ConnectionSettings settings, String host, int status, String index) {
    String credentials = settings.https().credentials(LOGINS);
    return status == 401
        ? "%s refuses the credentials (status 401): %s".formatted(host, credentials)
        : "%s does not allow this on index '%s' (status 403): %s; the sink needs to index, and to view the index's metadata"
            .formatted(host, index, credentials);
  }

  /**
   * The innermost message, where the reason usually is; of an answer that is not HTTP only that, as
   * the message would quote it.
   */
  public static String last(Throwable failure) {
    return HttpsFailures.last("elasticsearch", failure);
  }
}
