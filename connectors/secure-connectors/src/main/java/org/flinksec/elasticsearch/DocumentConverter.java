// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.connector.base.sink.writer.ElementConverter;

/** Makes documents of elements, and checks what would make Elasticsearch refuse a whole batch. */
abstract class DocumentConverter<T> implements ElementConverter<T, DocumentRequest> {
  private static final long serialVersionUID = 1L;

  private final int maxBytes;

  DocumentConverter(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  /**
   * @throws DocumentException if the element gives no acceptable document
   */
  abstract DocumentRequest convert(T element);

  /** Whether there is nothing to be written for an element. */
  boolean passesOver(T element) {
    return false;
  }

  /** An element as a dead letter holds it. */
  abstract byte[] inLetter(T element);

  @Override
  public final DocumentRequest apply(T element, SinkWriter.Context context) {
    DocumentRequest request = convert(element);
    if (request.sizeInBytes() > maxBytes) {
      throw new DocumentException(
          "the document has %d bytes, more than elasticsearch.max_batch_bytes (%d)"
              .formatted(request.sizeInBytes(), maxBytes));
    }
    return request;
  }
}
