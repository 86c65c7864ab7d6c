// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch.connection;

import java.io.IOException;

/** A setting keeps the job from Elasticsearch; the message names it, and the host. */
public final class ConnectionException extends IOException {
  private static final long serialVersionUID = 1L;

  ConnectionException(String message) {
    super(message);
  }

  ConnectionException(String message, Throwable cause) {
    super(message, cause);
  }
}
