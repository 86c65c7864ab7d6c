// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch.connection;

import co.elastic.clients.transport.rest5_client.low_level.Response;
import java.io.IOException;
import java.io.InputStream;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.hc.core5.http.HttpEntity;

/** Which program answers. */
final class Product {
  private static final String HEADER = "X-Elastic-Product";
  private static final int MOST_BYTES = 1 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  private Product() {}

  /**
   * Whether an answer to {@code GET /} is one of Elasticsearch from 7.14 on, which says so in each
   * answer, or of OpenSearch, which says so here. Neither has to let the job see it: a refusal in
   * OpenSearch's form, which has no header, is taken for one.
   */
  static boolean isKnown(Response response) {
    if ("Elasticsearch".equals(response.getHeader(HEADER))) {
      return true;
    }
    HttpEntity entity = response.getEntity();
    if (entity == null) {
      return false;
    }
    try (InputStream body = entity.getContent()) {
      JsonNode answer = JSON.readTree(body.readNBytes(MOST_BYTES));
      return "opensearch".equals(answer.path("version").path("distribution").textValue())
          || response.getStatusCode() == 403
              && "security_exception".equals(answer.path("error").path("type").textValue());
    } catch (IOException e) {
      return false;
    }
  }
}
