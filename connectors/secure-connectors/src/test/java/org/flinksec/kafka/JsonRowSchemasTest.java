// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.record.TimestampType;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.flinksec.Capture;
import org.flinksec.Serialized;
import org.junit.jupiter.api.Test;

class JsonRowSchemasTest {
  private static final TypeInformation<Row> FLIGHT =
      Types.ROW_NAMED(
          new String[] {"id", "delay", "topic", "part", "offset", "at", "key"},
          Types.STRING,
          Types.LONG,
          Types.STRING,
          Types.INT,
          Types.LONG,
          Types.INSTANT,
          Types.STRING);
  private static final Map<String, String> METADATA =
      Map.of(
          "topic", "topic",
          "part", "partition",
          "offset", "offset",
          "at", "timestamp",
          "key", "key");

  @Test
  void aRecordIsDecodedAndItsMetadataFilledIn() throws Exception {
    JsonRowDeserializationSchema schema = schema(METADATA, List.of("id", "offset"), "fail");
    assertThat(decode(schema, record("k", "{\"id\":\"a\",\"delay\":4,\"topic\":\"forged\"}", 99)))
        .containsExactly(Row.of("a", 4L, "flights", 3, 17L, Instant.ofEpochMilli(99), "k"));
    assertThat(schema.getProducedType()).isEqualTo(FLIGHT);
  }

  @Test
  void aRecordWithoutKeyAndTimestampGivesNulls() throws Exception {
    JsonRowDeserializationSchema schema = schema(METADATA, List.of(), "fail");
    Row row = decode(schema, record(null, "{}", ConsumerRecord.NO_TIMESTAMP)).get(0);
    assertThat(row.getField(5)).isNull();
    assertThat(row.getField(6)).isNull();
  }

  @Test
  void anUndecodableRecordFailsTheJobWithItsPlaceAndReason() {
    JsonRowDeserializationSchema schema = schema(Map.of(), List.of(), "fail");
    assertThatThrownBy(() -> decode(schema, record("k", "{\"delay\":\"late\"}", 1)))
        .isInstanceOf(UndecodableRecordException.class)
        .hasMessage(
            "the Kafka record at topic flights, partition 3, offset 17 cannot be decoded:"
                + " field 'delay' should be a whole number but is a string");
    assertThatThrownBy(() -> decode(schema, record("k", null, 1)))
        .hasMessageEndingWith("cannot be decoded: there is no document (a null value)");
  }

  @Test
  void skippedRecordsAreLeftOutAndNamedOnceInAWhile() throws Exception {
    JsonRowDeserializationSchema schema = schema(Map.of(), List.of(), "skip");
    List<Row> rows = new ArrayList<>();
    try (Capture log = new Capture(JsonRowDeserializationSchema.class)) {
      for (String json : List.of("{", "[]", "{\"id\":\"good\"}", "no")) {
        rows.addAll(decode(schema, record(null, json, 1)));
      }
      assertThat(log.messages())
          .singleElement()
          .asString()
          .startsWith("Left out, as on_undecodable = \"skip\" says: the Kafka record at topic");
    }
    assertThat(rows).extracting(row -> row.getField(0)).containsExactly("good");
    assertThat(schema.undecodable()).isEqualTo(3);
  }

  @Test
  void whatDoesNotFitIsRefusedBeforeTheJobIsSubmitted() {
    assertThatThrownBy(() -> schema(Map.of("nope", "topic"), List.of(), "fail"))
        .hasMessageStartingWith(
            "metadata names 'nope', which is not a field of the row; it has: id,");
    assertThatThrownBy(() -> schema(Map.of("id", "headers"), List.of(), "fail"))
        .hasMessageContaining("'headers' is no metadata of a Kafka record; choose from topic,");
    assertThatThrownBy(() -> schema(Map.of("id", "offset"), List.of(), "fail"))
        .hasMessage("the offset of a Kafka record does not fit into a field of type String");
    assertThatThrownBy(() -> schema(Map.of(), List.of(), "ignore"))
        .hasMessage("on_undecodable is 'ignore'; it must be 'fail' or 'skip'");
    assertThatThrownBy(
            () -> JsonRowDeserializationSchema.of(Types.STRING, Map.of(), List.of(), "fail"))
        .hasMessage("the stream's type is String, not a row with named fields");
  }

  @Test
  void aRowBecomesARecordWithKeyAndTimestamp() {
    JsonRowSerializationSchema schema =
        Serialized.copy(JsonRowSerializationSchema.of("alerts", SMALL, "n"));
    ProducerRecord<byte[], byte[]> record = schema.serialize(Row.of("ü", 12L), null, 5L);
    assertThat(record.topic()).isEqualTo("alerts");
    assertThat(record.partition()).isNull();
    assertThat(record.timestamp()).isEqualTo(5L);
    assertThat(text(record.key())).isEqualTo("12");
    assertThat(text(record.value())).isEqualTo("{\"s\":\"ü\",\"n\":12}");
  }

  @Test
  void aRowWithoutKeyOrTimeBecomesARecordWithoutThem() {
    ProducerRecord<byte[], byte[]> noKeyField =
        JsonRowSerializationSchema.of("alerts", SMALL, "")
            .serialize(Row.of("a", 1L), null, Long.MIN_VALUE);
    assertThat(noKeyField.key()).isNull();
    assertThat(noKeyField.timestamp()).isNull();
    ProducerRecord<byte[], byte[]> nullKey =
        JsonRowSerializationSchema.of("alerts", SMALL, "s").serialize(Row.of(null, 1L), null, null);
    assertThat(nullKey.key()).isNull();
    assertThatThrownBy(() -> JsonRowSerializationSchema.of("alerts", SMALL, "id"))
        .hasMessage("key_field names 'id', which is not a field of the row; it has: s, n");
  }

  private static final TypeInformation<Row> SMALL =
      Types.ROW_NAMED(new String[] {"s", "n"}, Types.STRING, Types.LONG);

  private static JsonRowDeserializationSchema schema(
      Map<String, String> metadata, List<String> required, String policy) {
    return Serialized.copy(JsonRowDeserializationSchema.of(FLIGHT, metadata, required, policy));
  }

  private static List<Row> decode(
      JsonRowDeserializationSchema schema, ConsumerRecord<byte[], byte[]> record)
      throws UndecodableRecordException {
    List<Row> rows = new ArrayList<>();
    schema.deserialize(
        record,
        new Collector<>() {
          @Override
          public void collect(Row row) {
            rows.add(row);
          }

          @Override
          public void close() {}
        });
    return rows;
  }

  private static ConsumerRecord<byte[], byte[]> record(String key, String value, long timestamp) {
    return new ConsumerRecord<>(
        "flights",
        3,
        17L,
        timestamp,
        TimestampType.CREATE_TIME,
        0,
        0,
        key == null ? null : key.getBytes(StandardCharsets.UTF_8),
        value == null ? null : value.getBytes(StandardCharsets.UTF_8),
        new RecordHeaders(),
        Optional.empty());
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
