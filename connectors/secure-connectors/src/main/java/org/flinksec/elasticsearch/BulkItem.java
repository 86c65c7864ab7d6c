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
  private static final String CONFLICT = "version_conflict_engine_exception";

  /** Of a document that alone is larger than the server takes a request. */
  static BulkItem tooLarge() {
    return new BulkItem(413, "content_too_large", null);
  }

  boolean accepted() {
    return status < 300;
  }

  /** Overload, outage or a full disk: the same document may be accepted a little later. */
  boolean retryable() {
    return status == 429 || status >= 500 || ErrorTypes.isOfFullDisks(type, reason);
  }

  /** Whether this document alone is refused, and the next need not be. */
  boolean documentAtFault() {
    return status == 413 || ErrorTypes.isOfDocument(type, reason);
  }

  /** Whether the index wants a routing, and the document has none. */
  boolean lacksRouting() {
    return ErrorTypes.isOfRouting(type);
  }

  /** Whether there is a document with this id already, or one with a newer version. */
  boolean isConflict() {
    return CONFLICT.equals(type);
  }

  /** Whether there was no document to be deleted, which is what a deletion is for. */
  boolean nothingThere() {
    return status == 404 && type == null;
  }

  /**
   * Fit for logs.
   *
   * @param indexIsContent whether names of indices are made of the documents, too
   */
  String told(boolean indexIsContent) {
    return indexIsContent && !documentAtFault()
        ? "status %d, %s".formatted(status, Reasons.tell(type, null))
        : toString();
  }

  /** Fit for logs: nothing of the document's content. */
  @Override
  public String toString() {
    return "status %d, %s".formatted(status, Reasons.tell(type, reason));
  }
}
