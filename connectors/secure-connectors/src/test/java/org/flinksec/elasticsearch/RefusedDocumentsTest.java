// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.types.Row;
import org.flinksec.Capture;
import org.flinksec.elasticsearch.FakeElasticsearch.Operation;
import org.flinksec.elasticsearch.connection.ElasticsearchPreflight;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of documents that are refused: whose fault it is, and what is told of it. */
@Timeout(300)
class RefusedDocumentsTest extends SinkAgainstAFake {
  @Test
  void ofMixedStatusesTheOverloadedDocumentIsSentAgainAndTheBadOneSkipped() throws Exception {
    config.put("on_error", "skip");
    AtomicInteger attempts = new AtomicInteger();
    elasticsearch.itemStatus(
        operation ->
            switch (operation.id()) {
              case "bad" -> 400;
              case "busy" -> attempts.incrementAndGet() < 3 ? 429 : 201;
              default -> 201;
            });
    try (Capture log = new Capture(ElasticsearchSinkWriter.class);
        var writer = writer()) {
      write(writer, Row.of("bad", 1L), Row.of("good", 2L), Row.of("busy", 3L));
      writer.flush(true);
      assertThat(elasticsearch.documents()).containsOnlyKeys("good", "busy");
      assertThat(elasticsearch.requests()).hasSize(3);
      assertThat(elasticsearch.requests().get(2)).extracting(Operation::id).containsExactly("busy");
      assertThat(writer.rejectedDocuments()).isEqualTo(1);
      assertThat(log.messages())
          .anySatisfy(
              message ->
                  assertThat(message)
                      .startsWith("Left out, as on_error = \"skip\" says:")
                      .endsWith(
                          " says status 400,"
                              + " document_parsing_exception at line 1, column 15: field 'n' does"
                              + " not fit its type long in the mapping"))
          .anySatisfy(message -> assertThat(message).startsWith("Sending 1 documents to"))
          .noneSatisfy(message -> assertThat(message).contains("CANARY"));
    }
  }

  @Test
  void aPoisonDocumentFailsTheJobWithItsReasonInsteadOfBeingSentForEver() throws Exception {
    elasticsearch.itemStatus(operation -> operation.id().equals("bad") ? 400 : 201);
    try (var writer = writer()) {
      write(writer, Row.of("good", 1L), Row.of("bad", 2L));
      assertThatThrownBy(() -> writer.flush(false))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .isEqualTo(
                          "a document for index 'flights' is refused: Elasticsearch at %s says"
                                  .formatted(config.get("hosts"))
                              + " status 400, document_parsing_exception at line 1, column 15:"
                              + " field 'n' does not fit its type long in the mapping"));
    }
    assertThat(elasticsearch.requests()).hasSize(1);
  }

  @Test
  void aMissingIndexFailsTheJobEvenWhenBadDocumentsAreSkipped() throws Exception {
    config.put("on_error", "skip");
    elasticsearch.itemStatus(operation -> 404);
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L));
      assertThatThrownBy(() -> writer.flush(false))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .endsWith(
                          "does not take documents for index 'flights': status 404,"
                              + " index_not_found_exception: no such index [flights]"));
    }
  }

  /** The job's own faults, which every document meets: in the words of Elasticsearch 8.19. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          400 | invalid_index_name_exception | Invalid index name [Upper], must be lowercase | must be lowercase
          400 | illegal_argument_exception | only write ops with an op_type of create are allowed in data streams | takes operation="create" only
          400 | validation_exception | Validation Failed: 1: this action would add [2] shards, but this cluster currently has [24]/[1] maximum normal shards open; | maximum normal shards open
          400 | illegal_argument_exception | no write index is defined for alias [al]. The write index may be explicitly disabled | set is_write_index
          400 | index_closed_exception | closed | index_closed_exception: closed
          403 | security_exception | action [indices:data/write/bulk[s]] is unauthorized for user [flink] with effective roles [reader] on indices [flights], this action is granted by the index privileges [create_doc,create,delete,index,write,all] | granted by the index privileges
          403 | security_exception | action [indices:admin/auto_create] is unauthorized for user [flink] with effective roles [writer] on indices [flights], this action is granted by the index privileges [auto_configure,create_index,manage,all] | granted by the index privileges [auto_configure
          403 | cluster_block_exception | index [blocked] blocked by: [FORBIDDEN/8/index write (api)]; | index write (api)
          400 | illegal_argument_exception | pipeline with id [no-such] does not exist | pipeline 'no-such' does not exist: create it
          400 | routing_missing_exception | routing is required for [rout]/[CANARY] | routing_missing_exception
          400 | script_exception | CANARY | script_exception
          400 | an error of another server, CANARY | CANARY | an error of unknown type
          """)
  void aFaultOfTheJobStopsItEvenWhereBadDocumentsAreSkipped(
      int status, String type, String reason, String told) throws Exception {
    config.put("on_error", "skip");
    elasticsearch.items(operation -> new FakeElasticsearch.Answer(status, type, reason));
    try (Capture log = new Capture(ElasticsearchSinkWriter.class);
        var writer = writer()) {
      write(writer, Row.of("a", 1L));
      assertThatThrownBy(() -> writer.flush(false))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .contains("does not take documents for index 'flights': status " + status)
                      .contains(told)
                      .doesNotContain("CANARY"));
      assertThat(writer.rejectedDocuments()).isZero();
    }
  }

  /** The documents' own faults, in the words of Elasticsearch 6 to 9, with a value in them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          mapper_parsing_exception | failed to parse [n] | field 'n' cannot be parsed
          mapper_parsing_exception | failed to parse field [n] of type [long] in document with id 'CANARY'. Preview of field's value: 'CANARY' | field 'n' does not fit its type long in the mapping
          mapper_parsing_exception | failed to parse | mapper_parsing_exception
          document_parsing_exception | [1:7] failed to parse field [n] of type [long] in document with id 'CANARY' | field 'n' does not fit its type long in the mapping
          document_parsing_exception | [1:7] object mapping for [n] tried to parse field [n] as object, but found a concrete value | field 'n' is an object in the mapping, and no object here
          document_parsing_exception | [1:2] failed to parse: Limit of total fields [3] has been exceeded while adding new fields [4] | the index's limit of total fields, 3, would be exceeded
          illegal_argument_exception | Limit of total fields [3] in index [flights] has been exceeded | the index's limit of total fields, 3, would be exceeded
          document_parsing_exception | [1:6] failed to parse: [1:11] Duplicate field 'q' at [Source: (byte[])"{"CANARY":1}"; line: 1, column: 11] | a field's name comes twice
          document_parsing_exception | [1:2] failed to parse: field name cannot be an empty string | a field's name is empty, blank or made of dots
          document_parsing_exception | Malformed content, must start with an object CANARY | document_parsing_exception
          strict_dynamic_mapping_exception | mapping set to strict, dynamic introduction of [n] within [_doc] is not allowed | field 'n' is not in the mapping of '_doc', which is strict
          illegal_argument_exception | mapper [n] cannot be changed from type [long] to [text] | field 'n' has the type long in the mapping, not text
          illegal_argument_exception | mapper [n] of different type, current_type [long], merged_type [text] | field 'n' has the type long in the mapping, not text
          illegal_argument_exception | can't merge a non object mapping [a.b] with an object mapping | field 'a.b' is a value in the mapping, and an object here
          illegal_argument_exception | Document contains at least one immense term in field="n" (whose UTF8 encoding is longer than the max length 32766), prefix: [CANARY] | field 'n' has a term longer than the 32766 bytes that Lucene takes
          illegal_argument_exception | Error extracting routing: source didn't contain any CANARY | it has none of the fields that choose its place in the time series
          illegal_argument_exception | the document timestamp [CANARY] is outside of ranges of currently writable indices [[CANARY,CANARY]] | its @timestamp is outside of what the data stream's indices take
          timestamp_error | Error extracting data stream timestamp field: failed to parse date field [CANARY] | its @timestamp is missing, or is no time
          version_conflict_engine_exception | [CANARY]: version conflict, document already exists (current version [1]) | version_conflict_engine_exception
          """)
  void aDocumentsOwnFaultIsSkippedAndToldWithoutItsContent(String type, String reason, String told)
      throws Exception {
    config.put("on_error", "skip");
    elasticsearch.items(
        operation ->
            operation.id().equals("bad")
                ? new FakeElasticsearch.Answer(type.startsWith("version") ? 409 : 400, type, reason)
                : FakeElasticsearch.Answer.of(201));
    try (Capture log = new Capture(ElasticsearchSinkWriter.class);
        var writer = writer()) {
      write(writer, Row.of("bad", 1L), Row.of("good", 2L));
      writer.flush(false);
      assertThat(elasticsearch.documents()).containsOnlyKeys("good");
      assertThat(writer.rejectedDocuments()).isEqualTo(1);
      assertThat(log.messages())
          .singleElement()
          .asString()
          .contains("status 4", type)
          .endsWith(told)
          .doesNotContain("CANARY");
    }
  }

  @Test
  void skippingStopsTheJobWhereNoDocumentGetsIn() throws Exception {
    config.put("on_error", "skip");
    config.put("max_skipped_in_a_row", "3");
    config.put("max_batch_size", "2");
    elasticsearch.itemStatus(operation -> operation.id().equals("good") ? 201 : 400);
    try (var writer = writer()) {
      for (int round = 0; round < 3; round++) {
        write(writer, Row.of("a", 1L), Row.of("b", 1L), Row.of("good", 1L));
        writer.flush(false);
      }
      assertThatThrownBy(
              () -> {
                write(writer, Row.of("a", 1L), Row.of("b", 1L), Row.of("c", 1L), Row.of("d", 1L));
                writer.flush(false);
              })
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .startsWith(
                          "on_error = \"skip\" has left out 3 in a row"
                              + " (job.max_skipped_in_a_row), and let none through")
                      .endsWith("field 'n' does not fit its type long in the mapping"));
    }
    config.put("max_skipped_in_a_row", "0");
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L), Row.of("b", 1L), Row.of("c", 1L), Row.of("d", 1L));
      writer.flush(false);
      assertThat(writer.rejectedDocuments()).isEqualTo(4);
      String tally = "flinksec.skipped.documents for the Elasticsearch index flights";
      assertThat(Long.parseLong(System.getProperty(tally))).isGreaterThanOrEqualTo(4 + 6);
    }
  }

  @Test
  void aRowThatIsNotOfItsTypeStopsTheJobAndAValueThatJsonLacksIsTheDocuments() throws Exception {
    config.put("on_error", "skip");
    TypeInformation<Row> type =
        Types.ROW_NAMED(new String[] {"id", "v"}, Types.STRING, Types.DOUBLE);
    try (var writer = writer(type, List.of())) {
      write(writer, Row.of("a", Double.NaN), Row.of("cut \ud83d", 1.0), Row.of("b", 1.0));
      writer.flush(false);
      assertThat(writer.rejectedDocuments()).isEqualTo(2);
      assertThat(elasticsearch.documents()).containsOnlyKeys("b");
      assertThatThrownBy(() -> write(writer, Row.of("c", 3)))
          .isInstanceOf(ElasticsearchSinkException.class)
          .hasMessage(
              "a row for index 'flights' is not of its type: field 'v' should be Double but is"
                  + " Integer; the function that returns it has another output_type");
    }
  }

  @Test
  void onlyFieldsWithOneTextFormAreIds() {
    TypeInformation<Row> type =
        Types.ROW_NAMED(
            new String[] {"s", "l", "b", "d", "raw", "list", "map", "row"},
            Types.STRING,
            Types.LONG,
            Types.BOOLEAN,
            Types.DOUBLE,
            Types.PRIMITIVE_ARRAY(Types.BYTE),
            Types.OBJECT_ARRAY(Types.STRING),
            Types.MAP(Types.STRING, Types.LONG),
            TYPE);
    for (String field : List.of("s", "l", "b")) {
      config.put("id_field", field);
      ElasticsearchSinks.forRows(config, type);
    }
    for (String field : List.of("d", "raw", "list", "map", "row")) {
      config.put("id_field", field);
      assertThatThrownBy(() -> ElasticsearchSinks.forRows(config, type))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("id_field names '" + field + "', which is ")
          .hasMessageEndingWith(
              "a str, an int, a bool, a datetime, a date, a Decimal, a UUID or an Enum");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          400 | does not take 'flights' for the name of an index (status 400)
          302 | answers with status 302 when asked for the index 'flights'; is it Elasticsearch?
          401 | refuses the credentials (status 401)
          403 | does not allow this on index 'flights' (status 403)
          """)
  void theFirstContactTellsAWrongNameFromAWrongServerOrUser(int status, String told) {
    Map<String, String> connection = Map.of("hosts", config.get("hosts"));
    elasticsearch.contactStatus(status);
    assertThat(ElasticsearchPreflight.check(connection, List.of("flights"))).contains(told);
    elasticsearch.contactStatus(200);
    assertThat(ElasticsearchPreflight.check(connection, List.of("flights"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          200 | ''
          403 | ''
          401 | refuses the credentials (status 401)
          302 | redirects to another address
          """)
  void withoutAnIndexTheConnectionAndTheLoginAreAskedFor(int status, String told) {
    elasticsearch.rootStatus(status);
    Map<String, String> connection = Map.of("hosts", config.get("hosts"));
    String answer = ElasticsearchPreflight.check(connection, List.of());
    if (told.isEmpty()) {
      assertThat(answer).isEmpty();
    } else {
      assertThat(answer).contains(told);
    }
  }

  @Test
  void aConnectionHasNoSettingsOfASink() {
    assertThat(ElasticsearchPreflight.check(config, List.of()))
        .isEqualTo("unknown settings of elasticsearch: id_field, index");
  }

  @Test
  void whereAFieldIsTheRoutingADocumentWithoutOneIsBadByItsOwnContent() throws Exception {
    config.put("on_error", "skip");
    config.put("routing_field", "n");
    elasticsearch.items(
        operation ->
            operation.id().equals("bad")
                ? new FakeElasticsearch.Answer(
                    400, "routing_missing_exception", "routing is required for [flights]/[CANARY]")
                : FakeElasticsearch.Answer.of(201));
    try (Capture log = new Capture(ElasticsearchSinkWriter.class);
        var writer = writer()) {
      write(writer, Row.of("bad", null), Row.of("good", 2L));
      writer.flush(false);
      assertThat(elasticsearch.documents()).containsOnlyKeys("good");
      assertThat(log.messages())
          .singleElement()
          .asString()
          .endsWith("it has no routing, which the index requires")
          .doesNotContain("CANARY");
    }
  }

  @Test
  void aLimitThatDoesNotFitIsNamedAsTheSettingsNameIt() {
    config.put("max_batch_size", "100");
    config.put("max_buffered", "100");
    assertThatThrownBy(() -> ElasticsearchSinks.forRows(config, TYPE))
        .hasMessage("elasticsearch.max_buffered must be greater than elasticsearch.max_batch_size");
    config.put("max_buffered", "soon");
    assertThatThrownBy(() -> ElasticsearchSinks.forRows(config, TYPE))
        .hasMessage(
            "elasticsearch.max_buffered is 'soon'; it must be a whole number from 1 to 2147483647");
  }

  @Test
  void anAnswerThatIsNoJsonIsAnOutageAndNotQuoted() throws Exception {
    config.put("retry_timeout", "300");
    elasticsearch.garbage("<html>CANARY</html>");
    try (Capture log = new Capture(ElasticsearchSinkWriter.class);
        var writer = writer()) {
      write(writer, Row.of("a", 1L));
      assertThatThrownBy(() -> writer.flush(true))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .endsWith("no answer: an answer that is not Elasticsearch's"));
      assertThat(log.messages()).noneSatisfy(line -> assertThat(line).contains("CANARY"));
    }
  }
}
