// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonLocation;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.exc.StreamConstraintsException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.JsonEOFException;
import org.flinksec.badrecords.UndecodableException;

/**
 * A document does not have the form that the row type asks for.
 *
 * <p>The message names the field and the kind of value found. It never quotes the document, which
 * may hold what must not reach a log.
 */
public final class JsonDecodingException extends UndecodableException {
  private static final long serialVersionUID = 1L;

  public JsonDecodingException(String message) {
    super(message);
  }

  /**
   * What was thrown while a document was read. Neither its message nor the throwable itself is
   * kept, since Jackson's quote the document.
   */
  public static JsonDecodingException of(Throwable thrown) {
    if (thrown instanceof JsonDecodingException ours) {
      return ours;
    }
    if (thrown instanceof StreamConstraintsException) {
      return new JsonDecodingException(
          "the document goes beyond what is read (" + JsonLimits.text() + ")");
    }
    if (thrown instanceof JsonProcessingException e) {
      return new JsonDecodingException(
          (e instanceof JsonEOFException
                  ? "the document ends too early,"
                  : "the document is no longer JSON")
              + place(e.getLocation()));
    }
    return new JsonDecodingException(
        "the document cannot be read (" + thrown.getClass().getSimpleName() + ")");
  }

  private static String place(JsonLocation location) {
    return location == null
        ? ""
        : " at line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
  }
}
