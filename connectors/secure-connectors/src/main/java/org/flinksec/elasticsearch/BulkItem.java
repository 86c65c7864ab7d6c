// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

/**
 * What Elasticsearch says about one document of a bulk request.
 *
 * @param type the error's type, such as {@code document_parsing_exception}; null on success
 * @param reason the error's reason, which may quote the document and so is told by {@link Reasons}
 *     only; null on success
 */
record BulkItem(int status, String type, String reason) {
  boolean accepted() {
    return status < 300;
  }

  /** Overload or outage: the same document may be accepted a little later. */
  boolean retryable() {
    return status == 429 || status >= 500;
  }

  /** Whether this document alone is refused, and the next need not be. */
  boolean documentAtFault() {
    return ErrorTypes.isOfDocument(type, reason);
  }

  /** Fit for logs: nothing of the document's content. */
  @Override
  public String toString() {
    return "status %d, %s".formatted(status, Reasons.tell(type, reason));
  }
}
