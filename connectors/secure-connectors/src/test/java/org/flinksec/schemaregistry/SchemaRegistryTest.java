// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the client does with servers that are not as they should be. */
@Timeout(300)
class SchemaRegistryTest {
  private static final String SCHEMA = "{\"schema\": \"\\\"string\\\"\", \"schemaType\": \"AVRO\"}";

  @TempDir Path directory;

  private FakeRegistry answering(int status, String body) throws Exception {
    return new FakeRegistry(
        directory, "localhost", (exchange, sent) -> FakeRegistry.say(exchange, status, body));
  }

  private static void assertRefused(SchemaRegistry registry, String... parts) {
    assertThatExceptionOfType(SchemaRegistryException.class)
        .isThrownBy(() -> registry.byId(1))
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }

  @Test
  void aSchemaIsFoundByItsId() throws Exception {
    try (FakeRegistry server = answering(200, SCHEMA)) {
      RegisteredSchema found = server.client(Map.of()).byId(7);
      assertThat(found).isEqualTo(new RegisteredSchema(7, "AVRO", "\"string\"", List.of()));
      assertThat(server.requests).containsExactly("GET /schemas/ids/7");
    }
  }

  @Test
  void credentialsAreReadAnewForEachRequest() throws Exception {
    Path token = Files.writeString(directory.resolve("token"), "first\n");
    try (FakeRegistry server = answering(200, SCHEMA)) {
      SchemaRegistry registry = server.client(Map.of("token", token.toString()));
      registry.byId(1);
      Files.writeString(token, "second");
      registry.byId(1);
      assertThat(server.authorizations).containsExactly("Bearer first", "Bearer second");

      Path password = Files.writeString(directory.resolve("password"), "pä:ss\n");
      server.client(Map.of("username", "flink", "password", password.toString())).byId(1);
      assertThat(server.authorizations.get(2)).isEqualTo("Basic Zmxpbms6cMOkOnNz");
    }
  }

  @Test
  void aFileWithoutACredentialIsNamedAndNotQuoted() throws Exception {
    try (FakeRegistry server = answering(200, SCHEMA)) {
      for (String content : List.of("", "secret\nX-Other: 1")) {
        Path token = Files.writeString(directory.resolve("token"), content);
        SchemaRegistry registry = server.client(Map.of("token", token.toString()));
        assertThatExceptionOfType(SchemaRegistryException.class)
            .isThrownBy(() -> registry.byId(1))
            .withMessageStartingWith("schema_registry.token: the file " + token)
            .withMessageNotContaining("secret");
      }
      assertThat(server.requests).isEmpty();
    }
  }

  @Test
  void redirectsAreRefusedAndGetNoCredentials() throws Exception {
    Path token = Files.writeString(directory.resolve("token"), "secret");
    try (FakeRegistry other = answering(200, SCHEMA);
        FakeRegistry server =
            new FakeRegistry(
                directory,
                "localhost",
                (exchange, body) -> {
                  exchange.getResponseHeaders().add("Location", other.url() + "/schemas/ids/1");
                  FakeRegistry.say(exchange, 307, "");
                })) {
      assertRefused(server.client(Map.of("token", token.toString())), "redirects");
      assertThat(other.requests).isEmpty();
    }
  }

  @Test
  void anotherAddressIsAskedIfOneDoesNotAnswer() throws Exception {
    try (FakeRegistry good = answering(200, SCHEMA);
        FakeRegistry gone = answering(200, SCHEMA)) {
      gone.close();
      SchemaRegistry registry = good.client(Map.of("urls", gone.url() + ", " + good.url() + "/"));
      assertThat(registry.byId(1).text()).isEqualTo("\"string\"");
    }
  }

  @Test
  void aServerThatFailsIsAskedAgainUntilTheTimeIsOver() throws Exception {
    AtomicInteger count = new AtomicInteger();
    try (FakeRegistry server =
        new FakeRegistry(
            directory,
            "localhost",
            (exchange, body) ->
                FakeRegistry.say(exchange, count.incrementAndGet() < 3 ? 503 : 200, SCHEMA))) {
      assertRefused(server.client(Map.of()), "schema_registry.urls: no answer", "status 503");
      count.set(0);
      assertThat(server.client(Map.of("retry_timeout", "20000")).byId(1).id()).isEqualTo(1);
      assertThat(count.get()).isEqualTo(3);
    }
  }

  @Test
  void refusalsNameTheCredentials() throws Exception {
    try (FakeRegistry server = answering(401, "{}")) {
      assertRefused(server.client(Map.of()), "refuses the credentials", "no credentials; set");
    }
    try (FakeRegistry server = answering(403, "{}")) {
      assertRefused(server.client(Map.of()), "status 403");
    }
  }

  @Test
  void aCertificateOfAnotherNameOrAuthorityNamesTheSetting() throws Exception {
    try (FakeRegistry server =
        new FakeRegistry(
            directory,
            "other.example",
            (exchange, sent) -> FakeRegistry.say(exchange, 200, SCHEMA))) {
      assertRefused(server.client(Map.of()), "schema_registry.verification = \"full\"");
      assertThat(server.client(Map.of("verification", "certificate")).byId(1).id()).isEqualTo(1);
      Map<String, String> system = server.settings();
      system.remove("ca_certs");
      assertRefused(new SchemaRegistry(RegistrySettings.parse(system)), "schema_registry.ca_certs");
      system.put("verification", "none");
      assertThat(new SchemaRegistry(RegistrySettings.parse(system)).byId(1).id()).isEqualTo(1);
      assertThat(server.requests).hasSize(2);
    }
  }

  @Test
  void anAnswerThatDoesNotEndIsCutOff() throws Exception {
    try (FakeRegistry server =
        new FakeRegistry(
            directory,
            "localhost",
            (exchange, body) -> {
              exchange.sendResponseHeaders(200, 0);
              try (OutputStream out = exchange.getResponseBody()) {
                byte[] block = new byte[1 << 16];
                for (int i = 0; i < 1000; i++) {
                  out.write(block);
                }
              }
            })) {
      assertRefused(server.client(Map.of()), "an answer of more than");
    }
  }

  @Test
  void whatIsNoSchemaRegistryIsAskedWhetherItIsOne() throws Exception {
    for (String body : List.of("<html>", "{}", "[1]")) {
      try (FakeRegistry server = answering(404, body)) {
        assertRefused(server.client(Map.of()), "is it a schema registry?");
      }
    }
    try (FakeRegistry server = answering(200, "{}")) {
      RegisteredSchema schema = new RegisteredSchema(0, "AVRO", "\"int\"", List.of());
      assertThatExceptionOfType(SchemaRegistryException.class)
          .isThrownBy(() -> server.client(Map.of()).find("s", schema))
          .withMessageContaining("is it a schema registry?");
    }
  }

  @Test
  void anUnknownIdIsTheRecordsFault() throws Exception {
    try (FakeRegistry server = answering(404, "{\"error_code\": 40403}")) {
      assertThatExceptionOfType(UnknownSchemaException.class)
          .isThrownBy(() -> server.client(Map.of()).byId(9))
          .withMessage("the schema registry has no schema of the id 9");
      assertThat(server.client(Map.of()).latest("a/b c")).isEmpty();
      assertThat(server.requests).contains("GET /subjects/a%2Fb%20c/versions/latest");
    }
  }

  /** Each version refers to the next, and the last one to the first. */
  @Test
  void referencesThatGoRoundOrOnForeverEnd() throws Exception {
    AtomicInteger next = new AtomicInteger();
    try (FakeRegistry server =
        new FakeRegistry(
            directory,
            "localhost",
            (exchange, body) ->
                FakeRegistry.say(
                    exchange,
                    200,
                    "{\"schema\": \"1\", \"references\": [{\"name\": \"n\", \"subject\": \"s\", \"version\": %d}]}"
                        .formatted(next.incrementAndGet())))) {
      SchemaRegistry registry = server.client(Map.of());
      RegisteredSchema first = registry.byId(1);
      assertThatExceptionOfType(SchemaRegistryException.class)
          .isThrownBy(() -> registry.references(first))
          .withMessageContaining("more than 100 references");
      server.behaviour =
          (exchange, body) ->
              FakeRegistry.say(
                  exchange,
                  200,
                  "{\"schema\": \"1\", \"references\": [{\"name\": \"n\", \"subject\": \"s\", \"version\": 1}]}");
      assertThat(registry.references(registry.byId(1))).hasSize(1);
    }
  }
}
