// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.flinksec.elasticsearch.connection.ElasticsearchPreflight;

/**
 * Judges servers as a job does: a line of standard input is a command and flat settings, between
 * tabs; a line of standard output is the verdict, empty if the server is taken.
 *
 * <p>{@code preflight} asks before the job; {@code sink} sends a document with the sink's client,
 * which stays open for {@code again}, until the next {@code sink}. With the option {@code document}
 * it is upserted, under the id 1.
 */
public final class Judges {
  private static final DocumentRequest.Address SOMEWHERE =
      new DocumentRequest.Address(Operation.INDEX, null, null, null, null);

  private static final DocumentRequest.Address ONE =
      new DocumentRequest.Address(Operation.UPSERT, null, "1", null, null);

  private static BulkClient client;
  private static SinkSettings settings;

  private Judges() {}

  public static void main(String[] arguments) throws Exception {
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      List<String> words = List.of(line.split("\t"));
      Map<String, String> given = new HashMap<>();
      List<String> indices = new ArrayList<>();
      for (String word : words.subList(1, words.size())) {
        int equals = word.indexOf('=');
        if (equals < 0) {
          indices.add(word);
        } else {
          given.put(word.substring(0, equals), word.substring(equals + 1));
        }
      }
      System.out.println(judged(words.get(0), given, indices).replaceAll("\\s+", " "));
    }
  }

  private static String judged(String command, Map<String, String> given, List<String> indices) {
    try {
      if (command.equals("preflight")) {
        return ElasticsearchPreflight.check(given, indices);
      }
      String document = given.remove("document");
      if (!command.equals("again")) {
        if (client != null) {
          client.close();
        }
        client = null;
        given.put("index", "any");
        settings = SinkSettings.parse(given);
        client = new BulkClient(settings);
      }
      CompletableFuture<BulkOutcome> outcome = new CompletableFuture<>();
      List<DocumentRequest> documents =
          List.of(
              document == null
                  ? new DocumentRequest(SOMEWHERE, "{}".getBytes(StandardCharsets.UTF_8))
                  : new DocumentRequest(ONE, document.getBytes(StandardCharsets.UTF_8)));
      client.send(documents, outcome::complete);
      BulkOutcome found = outcome.get(30, TimeUnit.SECONDS);
      Verdict verdict = Verdict.of(settings, documents, found, false);
      String reason = verdict.reason();
      return verdict.fatal().map(Throwable::getMessage).orElse(reason == null ? "" : reason);
    } catch (Exception e) {
      return String.valueOf(e.getMessage());
    }
  }
}
