// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;

/**
 * A document does not have the form that the row type asks for.
 *
 * <p>The message names the field and the kind of value found. It never quotes the document, which
 * may hold what must not reach a log.
 */
public final class JsonDecodingException extends IOException {
  private static final long serialVersionUID = 1L;

  public JsonDecodingException(String message) {
    super(message);
  }
}
