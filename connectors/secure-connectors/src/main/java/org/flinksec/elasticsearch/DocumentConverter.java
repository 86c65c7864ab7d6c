// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.nio.charset.StandardCharsets;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.connector.base.sink.writer.ElementConverter;

/** Makes documents of elements, and checks what would make Elasticsearch refuse a whole batch. */
abstract class DocumentConverter<T> implements ElementConverter<T, DocumentRequest> {
  private static final long serialVersionUID = 1L;

  /** Elasticsearch's limit; one id beyond it makes the whole bulk request fail. */
  private static final int MAX_ID_BYTES = 512;

  private final String idField;
  private final int maxBytes;

  /**
   * @param idField null for documents without an id of ours
   */
  DocumentConverter(String idField, int maxBytes) {
    this.idField = idField;
    this.maxBytes = maxBytes;
  }

  /**
   * @throws DocumentException if the element gives no acceptable document
   */
  abstract DocumentRequest convert(T element);

  @Override
  public final DocumentRequest apply(T element, SinkWriter.Context context) {
    DocumentRequest request = convert(element);
    if (idField != null) {
      requireUsable(request.id());
    }
    if (request.sizeInBytes() > maxBytes) {
      throw new DocumentException(
          "the document has %d bytes, more than elasticsearch.max_batch_bytes (%d)"
              .formatted(request.sizeInBytes(), maxBytes));
    }
    return request;
  }

  private void requireUsable(String id) {
    if (id == null || id.isEmpty()) {
      throw new DocumentException(
          "the id field '%s' is %s".formatted(idField, id == null ? "null or missing" : "empty"));
    }
    if (id.getBytes(StandardCharsets.UTF_8).length > MAX_ID_BYTES) {
      throw new DocumentException(
          "the id field '%s' is longer than the %d bytes that Elasticsearch allows"
              .formatted(idField, MAX_ID_BYTES));
    }
  }
}
