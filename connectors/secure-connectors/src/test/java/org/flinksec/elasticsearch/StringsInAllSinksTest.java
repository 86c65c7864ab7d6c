// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.flinksec.json.JsonTextMapper;
import org.flinksec.kafka.JsonTextSerializationSchema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A string is one JSON object, on one line, in Elasticsearch, Kafka and HDFS alike. */
class StringsInAllSinksTest {
  private static final int LARGE = 1 << 20;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"a\":1}",
        "{\n \"a\": [1,\r\n 2]\n}\n",
        " {\"a\":\"\u2028😀\\n\"}",
        "{\"a\":1,\"a\":2}"
      })
  void whatOneTakesAllTakeToTheSameLine(String text) throws Exception {
    String line = inHdfs(text);
    assertThat(line).isEqualTo(text.replace('\n', ' ').replace('\r', ' '));
    assertThat(inKafka(text)).isEqualTo(line);
    assertThat(inElasticsearch(text)).isEqualTo(line);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "CANARY",
        "[1]",
        "\"CANARY\"",
        "1",
        "null",
        "{\"a\":1}{\"b\":2}",
        "{\"a\":NaN}",
        "{\"a\"",
        "\ufeff{\"a\":1}",
        "{\"a\":\"\ud83d\"}",
        "{\"a\":\"\n\"}",
        "{'a':'CANARY'}",
        "{\"a\":1,}"
      })
  void whatOneRefusesAllRefuseAndQuoteNothing(String text) {
    assertThatThrownBy(() -> inElasticsearch(text)).message().doesNotContain("CANARY");
    assertThatThrownBy(() -> inKafka(text))
        .hasMessageStartingWith("a record for the Kafka topic t cannot be written: ")
        .message()
        .doesNotContain("CANARY");
    assertThatThrownBy(() -> inHdfs(text))
        .hasMessageStartingWith("a string for the HDFS path /x cannot be written: ")
        .message()
        .doesNotContain("CANARY");
  }

  /** Elasticsearch parses the documents of updates with the request, and refuses it as a whole. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"id":"1","a":1,"a":2}       | a name comes twice in an object of the document
          {"id":"1","a":[{"CANARY":1,"CANARY":2}]} | a name comes twice in an object of the document
          """)
  void whatWouldSpoilAWholeRequestOfUpdatesIsABadDocumentThere(String text, String told) {
    for (Operation operation : List.of(Operation.UPDATE, Operation.UPSERT)) {
      assertThatThrownBy(() -> documents("id", operation).convert(text))
          .isInstanceOf(DocumentException.class)
          .hasMessage(told);
    }
    assertThat(documents("id").convert(text).json()).isNotEmpty();
    assertThat(documents("id", Operation.DELETE).convert(text).id()).isEqualTo("1");
  }

  @Test
  void anUpdateIsLessDeepByTheLevelsThatStandAroundIt() {
    JsonDocumentConverter updates = documents("id", Operation.UPDATE);
    assertThat(updates.convert(deep(997)).json()).isNotEmpty();
    assertThat(documents("id").convert(deep(1000)).json()).isNotEmpty();
    assertThatThrownBy(() -> updates.convert(deep(998)))
        .isInstanceOf(DocumentException.class)
        .hasMessageContaining("depth 997");
  }

  /** A document of so many objects and arrays within each other. */
  private static String deep(int levels) {
    return "{\"id\":\"1\",\"a\":" + "[".repeat(levels - 1) + "]".repeat(levels - 1) + "}";
  }

  /** The years that a record may have; others would be more digits, or a sign, in a name. */
  @ParameterizedTest
  @CsvSource({
    "0001-01-01, f-0001",
    "9999-12-31T23:59:59Z, f-9999",
    "+10000-01-01T00:00:00Z, ",
    "9999-12-31T23:30:00-01:00, ",
    "0001-01-01T00:30:00+01:00, ",
    "-0001-01-01T00:00:00Z, "
  })
  void aTimeInTheNameOfAnIndexIsOfTheYears1To9999InUtc(String time, String index) {
    IndexPattern pattern = IndexPattern.parse("[\"f-\",{\"field\":\"at\",\"date\":\"uuuu\"}]");
    JsonDocumentConverter documents =
        new JsonDocumentConverter(
            new Addressing(List.of(), Operation.INDEX, null, null, null, pattern), LARGE);
    String text = "{\"at\":\"" + time + "\"}";
    if (index != null) {
      assertThat(documents.convert(text).address().index()).isEqualTo(index);
    } else {
      assertThatThrownBy(() -> documents.convert(text))
          .isInstanceOf(DocumentException.class)
          .hasMessage("the field 'at' of the index's name is beyond the years 1 to 9999");
    }
  }

  @Test
  void aKeyAndAnIdAreOfTheSameText() {
    String text = "{\"id\":-0}";
    assertThat(documents("id").convert(text).id()).isEqualTo("0");
    assertThat(JsonTextSerializationSchema.of("t", "id").serialize(text, null, null).key())
        .isEqualTo("0".getBytes(StandardCharsets.UTF_8));
  }

  private static String inHdfs(String text) throws Exception {
    return JsonTextMapper.of("the HDFS path /x").map(text);
  }

  private static String inKafka(String text) {
    byte[] value = JsonTextSerializationSchema.of("t", "").serialize(text, null, null).value();
    return new String(value, StandardCharsets.UTF_8);
  }

  private static String inElasticsearch(String text) {
    byte[] json = documents("").convert(text).json();
    return new String(json, StandardCharsets.UTF_8);
  }

  private static JsonDocumentConverter documents(String id) {
    return documents(id, Operation.INDEX);
  }

  private static JsonDocumentConverter documents(String id, Operation operation) {
    return new JsonDocumentConverter(
        new Addressing(id.isEmpty() ? List.of() : List.of(id), operation, null, null, null, null),
        LARGE);
  }
}
