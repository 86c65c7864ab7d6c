// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.nio.charset.StandardCharsets;
import org.flinksec.json.JsonDecodingException;
import org.flinksec.json.JsonText;

/** Makes documents of text that is JSON already. */
final class JsonDocumentConverter extends DocumentConverter<String> {
  private static final long serialVersionUID = 1L;

  private final JsonText text;

  JsonDocumentConverter(String idField, int maxBytes) {
    super(idField, maxBytes);
    this.text = new JsonText(idField, "id field");
  }

  @Override
  DocumentRequest convert(String json) {
    try {
      JsonText.Document document = text.read(json);
      return new DocumentRequest(
          document.value(), document.line().getBytes(StandardCharsets.UTF_8));
    } catch (JsonDecodingException e) {
      throw new DocumentException(e.getMessage());
    }
  }
}
