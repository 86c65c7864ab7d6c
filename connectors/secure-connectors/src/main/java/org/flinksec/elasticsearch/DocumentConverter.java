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

  /** Whether an element is what another one was before its change. */
  boolean isBefore(T element) {
    return false;
  }

  /**
   * Where the document of an element goes, and what is done there.
   *
   * @throws DocumentException if the element does not say it
   */
  abstract DocumentRequest.Address address(T element);

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
