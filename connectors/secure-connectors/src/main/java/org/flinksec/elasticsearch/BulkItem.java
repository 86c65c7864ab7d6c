// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

/**
 * What Elasticsearch says about one document of a bulk request.
 *
 * @param type the error's type, such as {@code document_parsing_exception}; null on success
 * @param reason the error's reason; null on success
 */
record BulkItem(int status, String type, String reason) {
  private static final int MAX_REASON = 300;

  BulkItem {
    if (reason != null && reason.length() > MAX_REASON) {
      reason = reason.substring(0, MAX_REASON) + "…";
    }
  }

  boolean accepted() {
    return status < 300;
  }

  /** Overload or outage: the same document may be accepted a little later. */
  boolean retryable() {
    return status == 429 || status >= 500;
  }

  /**
   * The document itself is at fault. Every other refusal (a missing index, a missing right, a
   * blocked index) would meet the next document as well, so it is never a reason to leave one out.
   */
  boolean documentAtFault() {
    return status == 400 || status == 409 || status == 413;
  }

  @Override
  public String toString() {
    return "status %d, %s: %s".formatted(status, type, reason);
  }
}
