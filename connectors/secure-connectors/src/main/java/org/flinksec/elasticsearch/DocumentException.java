// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

/** An element cannot become a document; the message names the field, not the content. */
final class DocumentException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DocumentException(String message) {
    super(message);
  }
}
