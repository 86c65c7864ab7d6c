// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.types.Row;
import org.flinksec.Capture;
import org.flinksec.elasticsearch.FakeElasticsearch.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is done with documents, and where they go. */
@Timeout(300)
class OperationsTest extends SinkAgainstAFake {
  private static final TypeInformation<Row> WHOLE =
      Types.ROW_NAMED(
          new String[] {"id", "n", "op", "shard", "version", "at", "tenant"},
          Types.STRING,
          Types.LONG,
          Types.STRING,
          Types.STRING,
          Types.LONG,
          Types.INSTANT,
          Types.STRING);

  private static Row row(String id, String op, Long version, String at, String tenant) {
    return Row.of(id, 1L, op, "s", version, at == null ? null : Instant.parse(at), tenant);
  }

  private List<Operation> sent(TypeInformation<Row> type, Row... rows) throws Exception {
    try (var writer = writer(type, List.of())) {
      write(writer, rows);
      writer.flush(true);
    }
    return elasticsearch.requests().stream().flatMap(List::stream).toList();
  }

  @Test
  void whereNullsAreOmittedAnUpdateHasTheFieldsThatHaveAValue() throws Exception {
    config.put("operation_field", "op");
    config.put("omit_nulls", "true");
    assertThat(
            sent(
                WHOLE,
                row("a", "index", 7L, null, null),
                row("b", "update", null, null, null),
                row("c", "upsert", null, null, "t")))
        .containsExactly(
            new Operation(
                "index",
                "a",
                "{\"id\":\"a\",\"n\":1,\"op\":\"index\",\"shard\":\"s\",\"version\":7}"),
            new Operation(
                "update",
                "b",
                "{\"doc\":{\"id\":\"b\",\"n\":1,\"op\":\"update\",\"shard\":\"s\"}}"),
            new Operation(
                "update",
                "c",
                "{\"doc\":{\"id\":\"c\",\"n\":1,\"op\":\"upsert\",\"shard\":\"s\",\"tenant\":\"t\"},\"doc_as_upsert\":true}"));
  }

  @Test
  void aFieldChoosesTheOperationAndFieldsThatAreExcludedAreInNoDocument() throws Exception {
    config.put("operation_field", "op");
    config.put("exclude", "op\nshard\nversion\nat\ntenant");
    config.put("on_error", "skip");
    try (Capture log = new Capture(ElasticsearchSinkWriter.class)) {
      assertThat(
              sent(
                  WHOLE,
                  row("a", "index", null, null, null),
                  row("b", "create", null, null, null),
                  row("c", "update", null, null, null),
                  row("d", "upsert", null, null, null),
                  row("e", "delete", null, null, null),
                  row("f", "CANARY", null, null, null),
                  row("g", null, null, null, null)))
          .containsExactly(
              new Operation("index", "a", "{\"id\":\"a\",\"n\":1}"),
              new Operation("create", "b", "{\"id\":\"b\",\"n\":1}"),
              new Operation("update", "c", "{\"doc\":{\"id\":\"c\",\"n\":1}}"),
              new Operation(
                  "update", "d", "{\"doc\":{\"id\":\"d\",\"n\":1},\"doc_as_upsert\":true}"),
              new Operation("delete", "e", null));
      assertThat(String.join("\n", log.messages()))
          .contains("the operation field 'op' is none of index, create, update, upsert, delete")
          .doesNotContain("CANARY");
    }
  }

  @Test
  void severalFieldsMakeOneIdThatNoOthersMake() throws Exception {
    config.remove("id_field");
    config.put("id_fields", "id\ntenant");
    assertThat(
            sent(
                WHOLE,
                row("a:b", null, null, null, "c"),
                row("a", null, null, null, "b:c"),
                row("a%", null, null, null, "ü")))
        .extracting(Operation::id)
        .containsExactly("a%3Ab:c", "a:b%3Ac", "a%25:ü");
    assertThatThrownBy(() -> sent(WHOLE, row("a", null, null, null, "")))
        .hasMessageEndingWith("the id field 'tenant' is empty");
    assertThatThrownBy(() -> sent(WHOLE, row("a", null, null, null, "ü".repeat(256))))
        .hasMessageEndingWith(
            "the id fields 'id', 'tenant' are longer than the 512 bytes that Elasticsearch allows");
  }

  @Test
  void routingVersionPipelineAliasAndTemplatesStandWhereElasticsearchReadsThem() throws Exception {
    config.put("routing_field", "shard");
    config.put("version_field", "version");
    config.put("pipeline", "clean");
    config.put("require_alias", "true");
    config.put("dynamic_templates", "{\"n\":\"counts\"}");
    List<Operation> sent = sent(WHOLE, row("a", null, 7L, null, null));
    assertThat(sent)
        .extracting(Operation::meta)
        .containsExactly(
            "{\"_id\":\"a\",\"routing\":\"s\",\"version\":7,\"version_type\":\"external\","
                + "\"dynamic_templates\":{\"n\":\"counts\"}}");
    assertThat(elasticsearch.paths().get(0))
        .startsWith("/flights/_bulk?")
        .contains("pipeline=clean", "require_alias=true");
    config.put("operation", "update");
    assertThatThrownBy(() -> writer(WHOLE, List.of()))
        .hasMessageContaining("version_field does not go with the operation update");
  }

  @Test
  void aScriptGetsTheDocument() throws Exception {
    config.put("operation", "upsert");
    config.put("script", "ctx._source.n += params.doc.n");
    assertThat(sent(TYPE, Row.of("a", 1L)))
        .extracting(Operation::document)
        .containsExactly(
            "{\"script\":{\"source\":\"ctx._source.n += params.doc.n\","
                + "\"params\":{\"doc\":{\"id\":\"a\",\"n\":1}}},\"upsert\":{\"id\":\"a\",\"n\":1}}");
  }

  @Test
  void aRecordMakesTheNameOfItsIndexAndNoOtherThanALegalOne() throws Exception {
    config.put(
        "index_pattern",
        "[\"f-\",{\"field\":\"at\",\"date\":\"uuuu.MM.dd\"},\"-\",{\"field\":\"tenant\",\"lower\":true}]");
    config.put("on_error", "skip");
    try (Capture log = new Capture(ElasticsearchSinkWriter.class)) {
      assertThat(
              sent(
                  WHOLE,
                  row("a", null, null, "2026-03-01T23:59:59.999Z", "Acme"),
                  row("a", null, null, "2026-03-02T00:00:00Z", "ACME"),
                  row("a", null, null, "2026-03-02T00:00:00Z", "CANARY,*"),
                  row("a", null, null, "2026-03-02T00:00:00Z", "CANARY".repeat(50)),
                  row("a", null, null, null, "CANARY")))
          .extracting(Operation::meta)
          .containsExactly(
              "{\"_index\":\"f-2026.03.01-acme\",\"_id\":\"a\"}",
              "{\"_index\":\"f-2026.03.02-acme\",\"_id\":\"a\"}");
      assertThat(elasticsearch.paths().get(0)).startsWith("/_bulk?");
      assertThat(log.messages())
          .hasSize(3)
          .noneSatisfy(line -> assertThat(line.toLowerCase()).contains("canary"));
    }
  }

  @Test
  void anIndexThatARecordHasMadeIsInNoMessage() throws Exception {
    config.put("index_pattern", "[\"f-\",{\"field\":\"tenant\"}]");
    elasticsearch.items(
        operation ->
            new FakeElasticsearch.Answer(
                404, "index_not_found_exception", "no such index [f-canary]"));
    assertThatThrownBy(() -> sent(WHOLE, row("a", null, null, null, "canary")))
        .satisfies(
            e ->
                assertThat(sinkFailure(e))
                    .contains("index_not_found_exception")
                    .doesNotContain("canary"));
  }

  @Test
  void anIndexThatARecordHasMadeIsInNoMessageAboutAWholeRequest() throws Exception {
    config.put("index_pattern", "[\"f-\",{\"field\":\"tenant\"}]");
    elasticsearch.requestStatus(request -> 400);
    elasticsearch.refusal("invalid_index_name_exception", "Invalid index name [f-canary]");
    assertThatThrownBy(() -> sent(WHOLE, row("a", null, null, null, "canary")))
        .satisfies(
            e ->
                assertThat(sinkFailure(e))
                    .contains("status 400: invalid_index_name_exception")
                    .doesNotContain("canary"));
  }
}
