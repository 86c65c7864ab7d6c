// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.ByteArrayOutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.JsonStringEncoder;
import org.flinksec.https.FlatSettings;

/**
 * What a job says of all documents of a sink, besides where they go.
 *
 * @param pipeline the ingest pipeline that they go through; null for that of the index
 * @param requireAlias whether the index must be an alias
 * @param dynamicTemplates which dynamic templates map which fields, as JSON; null for none
 * @param script the source of what updates do, in Painless; null for none
 * @param storedScript the id of a script that is stored there, in its place; null for none
 * @param conflictIsSuccess whether one is done whose version is not newer than the one that is
 *     there
 */
record Actions(
    String pipeline,
    boolean requireAlias,
    String dynamicTemplates,
    String script,
    String storedScript,
    boolean conflictIsSuccess)
    implements Serializable {
  static Actions take(FlatSettings flat) {
    return new Actions(
        flat.optional("pipeline"),
        flat.flag("require_alias", false),
        flat.optional("dynamic_templates"),
        flat.optional("script"),
        flat.optional("stored_script"),
        flat.flag("version_conflict_is_success", true));
  }

  /**
   * The body of an update: a part of a document, or a script that gets it as {@code params.doc}.
   */
  void writeUpdate(DocumentRequest request, ByteArrayOutputStream body) {
    boolean upsert = request.operation() == Operation.UPSERT;
    if (script == null && storedScript == null) {
      write("{\"doc\":", body);
      body.writeBytes(request.json());
      write(upsert ? ",\"doc_as_upsert\":true}" : "}", body);
      return;
    }
    write("{\"script\":{\"" + (script != null ? "source" : "id") + "\":\"", body);
    body.writeBytes(
        JsonStringEncoder.getInstance().quoteAsUTF8(script != null ? script : storedScript));
    write("\",\"params\":{\"doc\":", body);
    body.writeBytes(request.json());
    write("}}", body);
    if (upsert) {
      write(",\"upsert\":", body);
      body.writeBytes(request.json());
    }
    write("}", body);
  }

  private static void write(String text, ByteArrayOutputStream body) {
    body.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }
}
