// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.JsonStringEncoder;
import org.flinksec.elasticsearch.DocumentRequest.Address;

/** The lines of a bulk request: an action and, unless it deletes, a document each. */
final class BulkBody {
  private static final byte[] END_ACTION = ascii("}}\n");

  /** So often Elasticsearch itself tries an update again that another one came before. */
  private static final String RETRIES = "\"retry_on_conflict\":3";

  private BulkBody() {}

  /**
   * @param actions what the job says of all of them
   */
  static byte[] of(List<DocumentRequest> requests, Actions actions) {
    ByteArrayOutputStream body =
        new ByteArrayOutputStream(
            requests.stream().mapToInt(DocumentRequest::sizeInBytes).sum() + 64);
    for (DocumentRequest request : requests) {
      writeAction(request, actions, body);
      if (request.operation() == Operation.DELETE) {
        continue;
      }
      if (request.operation().isUpdate()) {
        actions.writeUpdate(request, body);
      } else {
        body.writeBytes(request.json());
      }
      body.write('\n');
    }
    return body.toByteArray();
  }

  private static void writeAction(
      DocumentRequest request, Actions actions, ByteArrayOutputStream body) {
    Address address = request.address();
    Operation operation = address.operation();
    body.writeBytes(ascii("{\"" + action(address) + "\":{"));
    int start = body.size();
    text("_index", address.index(), start, body);
    text("_id", address.id(), start, body);
    text("routing", address.routing(), start, body);
    if (address.version() != null) {
      more(start, body);
      body.writeBytes(ascii("\"version\":" + address.version() + ",\"version_type\":\"external\""));
    }
    if (request.isLetter()) {
      writeOfLetter(actions, start, body);
    } else if (operation.isUpdate()) {
      more(start, body);
      body.writeBytes(ascii(RETRIES));
    } else if (operation != Operation.DELETE && actions.dynamicTemplates() != null) {
      more(start, body);
      body.writeBytes(ascii("\"dynamic_templates\":"));
      body.writeBytes(actions.dynamicTemplates().getBytes(StandardCharsets.UTF_8));
    }
    body.writeBytes(END_ACTION);
  }

  /** What the job says of all documents is not about dead letters. */
  private static void writeOfLetter(Actions actions, int start, ByteArrayOutputStream body) {
    if (actions.pipeline() != null) {
      more(start, body);
      body.writeBytes(ascii("\"pipeline\":\"_none\""));
    }
    if (actions.requireAlias()) {
      more(start, body);
      body.writeBytes(ascii("\"require_alias\":false"));
    }
  }

  /** Without an id, {@code create} does the same as {@code index} and suits data streams too. */
  private static String action(Address address) {
    return switch (address.operation()) {
      case INDEX -> address.id() == null ? "create" : "index";
      case CREATE -> "create";
      case UPDATE, UPSERT -> "update";
      case DELETE -> "delete";
    };
  }

  private static void text(String name, String value, int start, ByteArrayOutputStream body) {
    if (value != null) {
      more(start, body);
      body.writeBytes(ascii("\"" + name + "\":\""));
      body.writeBytes(JsonStringEncoder.getInstance().quoteAsUTF8(value));
      body.write('"');
    }
  }

  private static void more(int start, ByteArrayOutputStream body) {
    if (body.size() > start) {
      body.write(',');
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
