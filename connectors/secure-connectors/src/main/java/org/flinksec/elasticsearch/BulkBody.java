// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.JsonStringEncoder;

/** The lines of a bulk request: an action and a document each. */
final class BulkBody {
  private static final byte[] INDEX_ID = ascii("{\"index\":{\"_id\":\"");
  private static final byte[] END_ID = ascii("\"}}\n");

  /** Without an id, {@code create} does the same as {@code index} and suits data streams too. */
  private static final byte[] CREATE = ascii("{\"create\":{}}\n");

  private BulkBody() {}

  static byte[] of(List<DocumentRequest> requests) {
    ByteArrayOutputStream body =
        new ByteArrayOutputStream(
            requests.stream().mapToInt(DocumentRequest::sizeInBytes).sum() + 64);
    for (DocumentRequest request : requests) {
      if (request.id() == null) {
        body.writeBytes(CREATE);
      } else {
        body.writeBytes(INDEX_ID);
        body.writeBytes(JsonStringEncoder.getInstance().quoteAsUTF8(request.id()));
        body.writeBytes(END_ID);
      }
      body.writeBytes(request.json());
      body.write('\n');
    }
    return body.toByteArray();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
