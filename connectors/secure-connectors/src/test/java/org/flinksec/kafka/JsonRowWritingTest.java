// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.types.Row;
import org.flinksec.Serialized;
import org.flinksec.json.JsonRows;
import org.junit.jupiter.api.Test;

/** What rows and strings become in a topic. */
class JsonRowWritingTest {
  @Test
  void aRowBecomesARecordWithKeyAndTimestamp() {
    RowSerializationSchema schema = Serialized.copy(written("alerts", SMALL, "n"));
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
        written("alerts", SMALL, "").serialize(Row.of("a", 1L), null, Long.MIN_VALUE);
    assertThat(noKeyField.key()).isNull();
    assertThat(noKeyField.timestamp()).isNull();
    ProducerRecord<byte[], byte[]> nullKey =
        written("alerts", SMALL, "s").serialize(Row.of(null, 1L), null, null);
    assertThat(nullKey.key()).isNull();
    assertThatThrownBy(() -> written("alerts", SMALL, "id"))
        .hasMessage("key_field names 'id', which is not a field of the row; it has: s, n");
  }

  @Test
  void onlyFieldsWithOneTextFormOrBytesAreKeys() {
    TypeInformation<Row> type =
        Types.ROW_NAMED(
            new String[] {"s", "l", "b", "raw", "d", "list", "map", "row"},
            Types.STRING,
            Types.LONG,
            Types.BOOLEAN,
            Types.PRIMITIVE_ARRAY(Types.BYTE),
            Types.DOUBLE,
            Types.OBJECT_ARRAY(Types.STRING),
            Types.MAP(Types.STRING, Types.LONG),
            SMALL);
    for (String field : List.of("s", "l", "b", "raw")) {
      written("alerts", type, field);
    }
    for (String field : List.of("d", "list", "map", "row")) {
      assertThatThrownBy(() -> written("alerts", type, field))
          .hasMessageStartingWith("key_field names '" + field + "', which is ")
          .hasMessageEndingWith(
              "a str, an int, bytes, a bool, a datetime, a date, a Decimal, a UUID or an Enum");
    }
  }

  @Test
  void stringsAreRecordsWithTheKeyThatOneOfTheirFieldsSays() {
    JsonTextSerializationSchema schema =
        Serialized.copy(JsonTextSerializationSchema.of("alerts", "id"));
    ProducerRecord<byte[], byte[]> record = schema.serialize("{\n\"id\": 12}", null, 5L);
    assertThat(text(record.key())).isEqualTo("12");
    assertThat(text(record.value())).isEqualTo("{ \"id\": 12}");
    assertThat(record.timestamp()).isEqualTo(5L);
    assertThat(schema.serialize("{\"id\":null}", null, -1L).key()).isNull();
    assertThat(JsonTextSerializationSchema.of("alerts", "").serialize("{}", null, null).key())
        .isNull();
    assertThatThrownBy(() -> schema.serialize("{}", null, null))
        .hasMessage(
            "a record for the Kafka topic alerts cannot be written: it has no key field 'id'");
    assertThatThrownBy(() -> schema.serialize("CANARY", null, null))
        .hasMessageStartingWith(
            "a record for the Kafka topic alerts cannot be written: the document")
        .message()
        .doesNotContain("CANARY");
  }

  @Test
  void aRowThatCannotBeWrittenNamesTheTopic() {
    RowSerializationSchema schema = written("alerts", SMALL, "s");
    assertThatThrownBy(() -> schema.serialize(Row.of("cut \ud83d", 1L), null, null))
        .isInstanceOf(UnwritableRecordException.class)
        .hasMessageStartingWith("a record for the Kafka topic alerts cannot be written: ");
    assertThatThrownBy(() -> schema.serialize(Row.of("a", 1), null, null))
        .hasMessageEndingWith("field 'n' should be Long but is Integer");
  }

  private static final TypeInformation<Row> SMALL =
      Types.ROW_NAMED(new String[] {"s", "n"}, Types.STRING, Types.LONG);

  private static RowSerializationSchema written(
      String topic, TypeInformation<Row> type, String keyField) {
    RowWriting said = RowWriting.of(topic, type);
    return (keyField.isEmpty() ? said : said.keyField(keyField)).build(JsonRows.encoder());
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
