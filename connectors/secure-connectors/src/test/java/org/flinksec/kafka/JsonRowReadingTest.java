// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.record.TimestampType;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.flinksec.Capture;
import org.flinksec.Serialized;
import org.flinksec.badrecords.BadRecordException;
import org.flinksec.json.JsonRows;
import org.flinksec.rows.Shapes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Records of topics read as rows. */
class JsonRowReadingTest {
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
    RowDeserializationSchema schema = schema(METADATA, List.of("id", "offset"), "fail");
    assertThat(decode(schema, record("k", "{\"id\":\"a\",\"delay\":4,\"topic\":\"forged\"}", 99)))
        .containsExactly(Row.of("a", 4L, "flights", 3, 17L, Instant.ofEpochMilli(99), "k"));
    assertThat(schema.getProducedType()).isEqualTo(FLIGHT);
  }

  @Test
  void aRecordWithoutKeyAndTimestampGivesNulls() throws Exception {
    RowDeserializationSchema schema = schema(METADATA, List.of(), "fail");
    Row row = decode(schema, record(null, "{}", ConsumerRecord.NO_TIMESTAMP)).get(0);
    assertThat(row.getField(5)).isNull();
    assertThat(row.getField(6)).isNull();
  }

  @Test
  void anUndecodableRecordFailsTheJobWithItsPlaceAndReason() {
    RowDeserializationSchema schema = schema(Map.of(), List.of(), "fail");
    assertThatThrownBy(() -> decode(schema, record("k", "{\"delay\":\"late\"}", 1)))
        .isInstanceOf(BadRecordException.class)
        .hasMessage(
            "the Kafka record at topic flights, partition 3, offset 17 cannot be decoded:"
                + " field 'delay' should be a whole number but is a string");
    assertThatThrownBy(() -> decode(schema, record("k", null, 1)))
        .hasMessageEndingWith("cannot be decoded: there is no document (a null value)");
  }

  @Test
  void skippedRecordsAreLeftOutEachWithItsReason() throws Exception {
    RowDeserializationSchema schema = schema(Map.of(), List.of(), "skip");
    List<Row> rows = new ArrayList<>();
    try (Capture log = new Capture(RowDeserializationSchema.class)) {
      for (String json : List.of("{", "[]", "{\"id\":\"good\"}", "no")) {
        rows.addAll(decode(schema, record(null, json, 1)));
      }
      assertThat(log.messages())
          .hasSize(3)
          .allMatch(
              message ->
                  message.startsWith(
                      "Left out, as on_error = \"skip\" says: the Kafka record at topic"));
    }
    assertThat(rows).extracting(row -> row.getField(0)).containsExactly("good");
    assertThat(schema.undecodable()).isEqualTo(3);
  }

  /** Documents between two good ones, each of which once took down the job or came out altered. */
  static Stream<byte[]> poison() {
    return Stream.of(
            "{\"id\":\"x\",\"u\":" + "9".repeat(2000) + "}",
            "{\"id\":\"x\",\"delay\":" + "9".repeat(2000) + "}",
            "{\"id\":\"x\",\"delay\":1e" + "9".repeat(400) + "}",
            "{\"id\":\"x\",\"u\":" + "[".repeat(5000) + "]".repeat(5000) + "}",
            "{\"id\":\"x\",\"u\":" + "{\"a\":".repeat(100_000),
            "{\"id\":\"x\",\"" + "k".repeat(60_000) + "\":1}",
            "{\"id\":\"cut \\ud83d\"}",
            "{\"id\":\"\\udE00 cut\"}",
            "{\"id\":\"\\ude00\\ud83d\"}",
            "{\"id\":\"\\\\\\ud83d\\\\ude00\"}",
            "{\"id\":NaN}",
            "{\"id\":\"a\"}{\"id\":\"b\"}",
            "{\"id\":\"a\u0000\"}",
            "")
        .map(json -> json.getBytes(StandardCharsets.UTF_8))
        .collect(
            Collectors.collectingAndThen(
                Collectors.toCollection(ArrayList::new),
                list -> {
                  list.add("{\"id\":\"x\"}".getBytes(StandardCharsets.UTF_16));
                  list.add("{\"id\":\"x\"}".getBytes(StandardCharsets.UTF_16LE));
                  list.add("{\"id\":\"é\"}".getBytes(StandardCharsets.ISO_8859_1));
                  list.add(idOfBytes(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80)); // CESU-8
                  list.add(idOfBytes(0xc0, 0x80)); // an overlong NUL
                  list.add(idOfBytes(0xf0, 0x9f, 0x98)); // cut
                  list.add(null);
                  return list.stream();
                }));
  }

  private static byte[] idOfBytes(int... bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("{\"id\":\"".getBytes(StandardCharsets.UTF_8));
    IntStream.of(bytes).forEach(out::write);
    out.writeBytes("\"}".getBytes(StandardCharsets.UTF_8));
    return out.toByteArray();
  }

  @ParameterizedTest
  @MethodSource("poison")
  void noPoisonDocumentGetsPastOnError(byte[] document) throws Exception {
    RowDeserializationSchema skip = schema(Map.of(), List.of("id"), "skip");
    List<Row> rows = decode(skip, raw("k".getBytes(StandardCharsets.UTF_8), document));
    rows.addAll(decode(skip, record("k", "{\"id\":\"after\"}", 1)));
    assertThat(rows).extracting(row -> row.getField(0)).containsExactly("after");
    assertThat(skip.undecodable()).isEqualTo(1);
    RowDeserializationSchema fail = schema(Map.of(), List.of("id"), "fail");
    assertThatThrownBy(() -> decode(fail, raw(null, document)))
        .isInstanceOf(BadRecordException.class)
        .hasMessageStartingWith(
            "the Kafka record at topic flights, partition 3, offset 17 cannot be decoded: ")
        .message()
        .hasSizeLessThan(600);
  }

  @Test
  void wholePairsOfSurrogatesEmojiAndAByteOrderMarkAreTaken() throws Exception {
    RowDeserializationSchema schema = schema(Map.of(), List.of("id"), "fail");
    for (String json :
        List.of("{\"id\":\"\\ud83d\\uDE00\"}", "{\"id\":\"😀\"}", "\ufeff{\"id\":\"😀\"}")) {
      assertThat(decode(schema, record(null, json, 1)).get(0).getField(0)).isEqualTo("😀");
    }
    String unread = "{\"id\":\"a\",\"other\":\"\\ud83d\"}";
    assertThat(decode(schema, record(null, unread, 1)).get(0).getField(0)).isEqualTo("a");
  }

  @Test
  void aKeyThatIsNoTextOrMissingIsTheRecordsFault() throws Exception {
    Map<String, String> key = Map.of("key", "key");
    byte[] document = "{\"id\":\"a\"}".getBytes(StandardCharsets.UTF_8);
    RowDeserializationSchema schema = schema(key, List.of("key"), "fail");
    assertThatThrownBy(() -> decode(schema, raw(new byte[] {-1, -2}, document)))
        .hasMessageEndingWith("the key of the record is not UTF-8, and the field 'key' is text");
    assertThatThrownBy(() -> decode(schema, raw(null, document)))
        .hasMessageEndingWith("the record has no key, and the field 'key' is required");
    assertThat(decode(schema, raw(new byte[0], document)).get(0).getField(6)).isEqualTo("");
    RowDeserializationSchema timed = schema(Map.of("at", "timestamp"), List.of("at"), "fail");
    assertThatThrownBy(() -> decode(timed, record(null, "{}", ConsumerRecord.NO_TIMESTAMP)))
        .hasMessageEndingWith("the record has no timestamp, and the field 'at' is required");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "253402300800000",
        "-62135596800001",
        "9223372036854775807",
        "-9223372036854775808"
      })
  void anEventTimeThatIsNullOrNoTimeIsTheRecordsFault(String time) throws Exception {
    RowDeserializationSchema schema = schema(Map.of(), List.of(), "skip", "delay");
    List<Row> rows = decode(schema, record(null, "{\"delay\":" + time + "}", 1));
    rows.addAll(decode(schema, record(null, "{\"delay\":253402300799999}", 1)));
    rows.addAll(decode(schema, record(null, "{\"delay\":-62135596800000}", 1)));
    assertThat(rows)
        .extracting(row -> row.getField(1))
        .containsExactly(253402300799999L, -62135596800000L);
  }

  @Test
  void skippingStopsTheJobWhereNothingGetsThrough() throws Exception {
    RowDeserializationSchema schema = schema(Map.of(), List.of(), "skip");
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 5; i++) {
        assertThat(decode(schema, record(null, "no", 1))).isEmpty();
      }
      assertThat(decode(schema, record(null, "{}", 1))).hasSize(1);
    }
    for (int i = 0; i < 5; i++) {
      decode(schema, record(null, "no", 1));
    }
    assertThatThrownBy(() -> decode(schema, record(null, "no", 1)))
        .isInstanceOf(BadRecordException.class)
        .hasMessage(
            "on_error = \"skip\" has left out 5 in a row (job.max_skipped_in_a_row), and let"
                + " none through: that is the job's fault. The last one: the Kafka record at topic"
                + " flights, partition 3, offset 17 cannot be decoded: the document is no longer"
                + " JSON at line 1, column 3");
  }

  @Test
  void aFailureBehindTheDecoderIsNotTakenForTheRecords() {
    RowDeserializationSchema schema = schema(Map.of(), List.of(), "skip");
    Collector<Row> broken =
        new Collector<>() {
          @Override
          public void collect(Row row) {
            throw new IllegalStateException("the next operator failed");
          }

          @Override
          public void close() {}
        };
    assertThatThrownBy(() -> schema.deserialize(record(null, "{}", 1), broken))
        .isInstanceOf(IllegalStateException.class);
    assertThat(schema.undecodable()).isZero();
  }

  @Test
  void whatDoesNotFitIsRefusedBeforeTheJobIsSubmitted() {
    assertThatThrownBy(() -> schema(Map.of("nope", "topic"), List.of(), "fail"))
        .hasMessageStartingWith(
            "metadata names 'nope', which is not a field of the row; it has: id,");
    assertThatThrownBy(() -> schema(Map.of("id", "header:"), List.of(), "fail"))
        .hasMessageContaining("'header:' is no metadata of a Kafka record; choose from topic,");
    assertThatThrownBy(() -> schema(Map.of("id", "offset"), List.of(), "fail"))
        .hasMessage("the offset of a Kafka record does not fit into the field 'id'");
    assertThatThrownBy(() -> schema(Map.of(), List.of(), "ignore"))
        .hasMessage("on_error is 'ignore'; it must be one of fail, skip, dead_letter");
  }

  private static RowDeserializationSchema schema(
      Map<String, String> metadata, List<String> required, String onError) {
    return schema(metadata, required, onError, "");
  }

  private static RowDeserializationSchema schema(
      Map<String, String> metadata, List<String> required, String onError, String eventTime) {
    RowDeserializationSchema schema =
        Serialized.copy(
            RowReading.of(Shapes.text(FLIGHT, required))
                .metadata(metadata)
                .onError(onError, 5)
                .eventTime(eventTime)
                .build(JsonRows.decoder()));
    schema.open(new SimpleCounter());
    return schema;
  }

  private static List<Row> decode(
      RowDeserializationSchema schema, ConsumerRecord<byte[], byte[]> record)
      throws BadRecordException {
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
    return made(
        key == null ? null : key.getBytes(StandardCharsets.UTF_8),
        value == null ? null : value.getBytes(StandardCharsets.UTF_8),
        timestamp);
  }

  private static ConsumerRecord<byte[], byte[]> raw(byte[] key, byte[] value) {
    return made(key, value, 1);
  }

  private static ConsumerRecord<byte[], byte[]> made(byte[] key, byte[] value, long timestamp) {
    return new ConsumerRecord<>(
        "flights",
        3,
        17L,
        timestamp,
        TimestampType.CREATE_TIME,
        0,
        0,
        key,
        value,
        new RecordHeaders(),
        Optional.empty());
  }
}
