// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.flinksec.badrecords.ElementJson;
import org.flinksec.json.JsonDecodingException;
import org.flinksec.json.JsonText;

/** Makes documents of text that is JSON already. */
final class JsonDocumentConverter extends DocumentConverter<String> {
  private static final long serialVersionUID = 1L;

  private final Addressing addressing;
  private final JsonText text;

  JsonDocumentConverter(Addressing addressing, int maxBytes) {
    super(maxBytes);
    this.addressing = addressing;
    Map<String, String> fields = new LinkedHashMap<>();
    addressing
        .fields()
        .forEach((field, argument) -> fields.put(field, JsonDocumentConverter.inWords(argument)));
    this.text = new JsonText(fields);
  }

  private static String inWords(String argument) {
    return argument.equals("index") ? "field of the index's name" : argument.replace('_', ' ');
  }

  @Override
  DocumentRequest.Address address(String json) {
    return convert(json).address();
  }

  @Override
  DocumentRequest convert(String json) {
    try {
      JsonText.Document document = text.read(json);
      DocumentRequest.Address address = addressing.of(document.values()::get, false);
      if (address.operation().isUpdate()) {
        JsonText.requireWithin(json);
      }
      return new DocumentRequest(
          address,
          address.operation() == Operation.DELETE
              ? null
              : document.line().getBytes(StandardCharsets.UTF_8));
    } catch (JsonDecodingException e) {
      throw new DocumentException(e.getMessage());
    }
  }

  @Override
  byte[] inLetter(String json) {
    return ElementJson.of(json, null);
  }
}
