// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import java.net.SocketTimeoutException;
import java.util.regex.Pattern;
import org.apache.flink.util.ExceptionUtils;
import org.apache.hc.core5.http.ParseException;
import org.apache.hc.core5.http.ProtocolException;
import org.flinksec.tls.TlsFailures;

/** Says why a request has no answer, in words that quote nothing of what came. */
public final class HttpsFailures {
  /** The whole message of HttpCore where nothing came in time. */
  private static final Pattern TIME = Pattern.compile("\\d+ [A-Z]+");

  private HttpsFailures() {}

  /**
   * The innermost message, where the reason usually is.
   *
   * @param section of the settings, {@code elasticsearch}
   */
  public static String last(String section, Throwable failure) {
    if (has(failure, ParseException.class) || has(failure, ProtocolException.class)) {
      return "what comes back is not HTTP, or not a version of it that is known";
    }
    String message = TlsFailures.last(failure);
    return has(failure, SocketTimeoutException.class) && TIME.matcher(message).matches()
        ? "nothing comes within %s.response_timeout".formatted(section)
        : message;
  }

  private static boolean has(Throwable failure, Class<? extends Throwable> type) {
    return ExceptionUtils.findThrowable(failure, type).isPresent();
  }
}
