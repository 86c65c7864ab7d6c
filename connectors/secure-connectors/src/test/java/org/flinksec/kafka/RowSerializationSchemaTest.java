// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema.KafkaSinkContext;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.flinksec.Serialized;
import org.flinksec.formats.debezium.DebeziumEncoder;
import org.flinksec.json.JsonRows;
import org.junit.jupiter.api.Test;

/** What is around the value of a record, from the fields of a row. */
class RowSerializationSchemaTest {
  private static final TypeInformation<Row> AROUND =
      Types.ROW_NAMED(
          new String[] {"s", "to", "part", "at", "key", "headers", "trace", "gone"},
          Types.STRING,
          Types.STRING,
          Types.LONG,
          Types.INSTANT,
          PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO,
          Types.MAP(Types.STRING, Types.STRING),
          Types.STRING,
          Types.BOOLEAN);
  private static final Map<String, String> PLACES =
      Map.of(
          "to", "topic",
          "part", "partition",
          "at", "timestamp",
          "key", "key",
          "headers", "headers",
          "trace", "header:trace-id",
          "gone", "tombstone");

  @Test
  void fieldsGoAroundTheValueAndNotIntoIt() {
    ProducerRecord<byte[], byte[]> record =
        schema(PLACES)
            .serialize(
                Row.of(
                    "a",
                    "other",
                    2L,
                    Instant.ofEpochMilli(7),
                    new byte[] {-1},
                    Map.of("h", "ü"),
                    "t",
                    false),
                null,
                5L);
    assertThat(record.topic()).isEqualTo("other");
    assertThat(record.partition()).isEqualTo(2);
    assertThat(record.timestamp()).isEqualTo(7);
    assertThat(record.key()).containsExactly(-1);
    assertThat(text(record.value())).isEqualTo("{\"s\":\"a\"}");
    Map<String, String> headers = new HashMap<>();
    record.headers().forEach(header -> headers.put(header.key(), text(header.value())));
    assertThat(headers).isEqualTo(Map.of("h", "ü", "trace-id", "t"));
  }

  @Test
  void aFormatOfChangesWritesADeleteAsARecordAndNotWhatItLeavesOut() {
    TypeInformation<Row> type = Types.ROW_NAMED(new String[] {"id"}, Types.LONG);
    RowSerializationSchema schema =
        RowWriting.of("t", type).keyField("id").build(DebeziumEncoder.factory("", false, ""));
    Row row = Row.ofKind(RowKind.DELETE, 1L);
    assertThat(text(schema.serialize(row, null, 5L).value()))
        .startsWith("{\"before\":{\"id\":1},\"after\":null,\"op\":\"d\"");
    row.setKind(RowKind.UPDATE_BEFORE);
    assertThat(schema.serialize(row, null, 5L)).isNull();
    row.setKind(RowKind.UPDATE_AFTER);
    assertThat(text(schema.serialize(row, null, 5L).value())).contains("\"op\":\"u\"");
  }

  @Test
  void aFieldThatIsNullIsAsIfItWereNotThere() {
    ProducerRecord<byte[], byte[]> record =
        schema(PLACES).serialize(Row.of("a", null, null, null, null, null, null, null), null, 5L);
    assertThat(record.topic()).isEqualTo("t");
    assertThat(record.partition()).isNull();
    assertThat(record.timestamp()).isEqualTo(5);
    assertThat(record.key()).isNull();
    assertThat(record.headers()).isEmpty();
    assertThat(record.value()).isNotNull();
  }

  /** Kafka's producer would fail the job, quote the value, or take the present time. */
  @Test
  void whatCannotBeATopicAPartitionOrATimestampIsTheRecordsFault() {
    for (String topic : List.of("", ".", "..", "a b", "ü", "a".repeat(250))) {
      assertRefused(1, topic, "field 'to' cannot be the name of a topic");
    }
    for (long partition : new long[] {-1, 1L << 31, 1L << 32}) {
      assertRefused(2, partition, "field 'part' cannot be the number of a partition");
    }
    assertRefused(3, Instant.ofEpochMilli(-1), "field 'at' is a time before 1970, which no");
  }

  private static void assertRefused(int position, Object value, String why) {
    Row row = Row.of("a", null, null, null, null, null, null, null);
    row.setField(position, value);
    assertThatThrownBy(() -> schema(PLACES).serialize(row, null, 5L))
        .isInstanceOf(UnwritableRecordException.class)
        .hasMessageContaining(why);
  }

  @Test
  void whichChangeARowIsIsSaidInText() {
    TypeInformation<Row> type =
        Types.ROW_NAMED(new String[] {"id", "op"}, Types.LONG, Types.STRING);
    RowWriting said = RowWriting.of("t", type);
    assertThat(said.build(DebeziumEncoder.factory("op", false, ""))).isNotNull();
    assertThatThrownBy(() -> said.build(DebeziumEncoder.factory("id", false, "")))
        .hasMessage("op_field names 'id', which is no text: c, r, u or d");
  }

  @Test
  void aTombstoneNeedsAKey() {
    Row gone = Row.of("a", null, null, null, new byte[] {1}, null, null, true);
    assertThat(schema(PLACES).serialize(gone, null, null).value()).isNull();
    gone.setField(4, null);
    assertThatThrownBy(() -> schema(PLACES).serialize(gone, null, null))
        .isInstanceOf(UnwritableRecordException.class)
        .hasMessageEndingWith("it deletes, and has no key that says what");
  }

  @Test
  void whatWasBeforeAnUpdateIsNotWrittenAndWhatDeletesIsATombstone() {
    Row row = Row.of("k", 1L);
    RowWriting said = RowWriting.of("t", PAIR).keyField("s");
    RowSerializationSchema schema = Serialized.copy(said.build(JsonRows.encoder()));
    row.setKind(RowKind.UPDATE_BEFORE);
    assertThat(schema.serialize(row, null, null)).isNull();
    row.setKind(RowKind.DELETE);
    assertThat(schema.serialize(row, null, null).value()).isNull();
    row.setKind(RowKind.UPDATE_AFTER);
    assertThat(schema.serialize(row, null, null).value()).isNotNull();
  }

  @Test
  void partitionsComeInTurnOrFromTheInstance() {
    RowSerializationSchema inTurn = partitioned("round_robin");
    assertThat(partitions(inTurn, 0)).containsExactly(4, 5, 6, 4);
    assertThat(partitions(partitioned("fixed"), 1)).containsExactly(5, 5, 5, 5);
    assertThat(partitions(partitioned("fixed"), 3)).containsExactly(4, 4, 4, 4);
    assertThat(partitions(partitioned("kafka"), 0)).containsOnlyNulls();
    assertThatThrownBy(() -> partitioned("random"))
        .hasMessage("partitioner is 'random'; it must be one of kafka, fixed, round_robin");
  }

  @Test
  void aRowOfAnotherWidthIsTheFaultOfTheFunctionThatMadeIt() {
    RowSerializationSchema schema = RowWriting.of("t", PAIR).build(JsonRows.encoder());
    assertThatThrownBy(() -> schema.serialize(Row.of("a"), null, null))
        .hasMessageEndingWith("the row has 1 fields, but its type declares 2");
  }

  private static final TypeInformation<Row> PAIR =
      Types.ROW_NAMED(new String[] {"s", "n"}, Types.STRING, Types.LONG);

  private static RowSerializationSchema schema(Map<String, String> places) {
    return Serialized.copy(RowWriting.of("t", AROUND).metadata(places).build(JsonRows.encoder()));
  }

  private static RowSerializationSchema partitioned(String word) {
    return Serialized.copy(RowWriting.of("t", PAIR).partitioning(word).build(JsonRows.encoder()));
  }

  private static List<Integer> partitions(RowSerializationSchema schema, int instance) {
    KafkaSinkContext context =
        new KafkaSinkContext() {
          @Override
          public int getParallelInstanceId() {
            return instance;
          }

          @Override
          public int getNumberOfParallelInstances() {
            return 4;
          }

          @Override
          public int[] getPartitionsForTopic(String topic) {
            return new int[] {4, 5, 6};
          }
        };
    List<Integer> chosen = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      chosen.add(schema.serialize(Row.of("a", 1L), context, null).partition());
    }
    return chosen;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, UTF_8);
  }
}
