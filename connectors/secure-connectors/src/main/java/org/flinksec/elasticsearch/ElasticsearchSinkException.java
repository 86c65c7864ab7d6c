// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.IOException;

/** The sink cannot go on; the message names the setting or the document, and the host. */
public final class ElasticsearchSinkException extends IOException {
  private static final long serialVersionUID = 1L;

  ElasticsearchSinkException(String message) {
    super(message);
  }

  ElasticsearchSinkException(String message, Throwable cause) {
    super(message, cause);
  }
}
