// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.flinksec.Serialized;
import org.flinksec.badrecords.BadRecordException;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shapes;
import org.junit.jupiter.api.Test;

/** A format is what turns bytes into a row; all else is the same for every format. */
class RowDeserializationSchemaTest {
  private static final TypeInformation<Row> LINE =
      Types.ROW_NAMED(new String[] {"text", "at"}, Types.STRING, Types.LONG);

  /**
   * A format of the tests: the whole value is the text of the one field that nothing else fills.
   */
  private static final class Text implements RowDecoder {
    private static final long serialVersionUID = 1L;
    private final int fields;

    Text(Shape shape) {
      fields = shape.fields().size();
    }

    @Override
    public Row read(byte[] value) throws UndecodableException {
      if (value == null) {
        throw new UndecodableException("there is no text");
      }
      Row row = new Row(fields);
      row.setField(0, new String(value, UTF_8));
      return row;
    }
  }

  @Test
  void aFormatSaysOnlyHowBytesBecomeARow() throws Exception {
    RowDeserializationSchema schema = schema("skip");
    assertThat(decode(schema, "a line")).containsExactly(Row.of("a line", 7L));
    assertThat(decode(schema, null)).isEmpty();
    assertThat(schema.undecodable()).isOne();
    assertThatThrownBy(() -> decode(schema("fail"), null))
        .isInstanceOf(BadRecordException.class)
        .hasMessage(
            "the Kafka record at topic t, partition 0, offset 7 cannot be decoded: there is no text");
  }

  @Test
  void aHeaderWithoutAValueIsNullOnlyWhereThatMayBe() throws Exception {
    ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("t", 0, 7, null, new byte[0]);
    record.headers().add("a", "x".getBytes(UTF_8)).add("b", null);
    Map<String, Object> all = new HashMap<>();
    all.put("a", "x");
    all.put("b", null);
    assertThat(decodeRecord(headersIn(true), record)).containsExactly(Row.of("", all));
    assertThatThrownBy(() -> decodeRecord(headersIn(false), record))
        .isInstanceOf(BadRecordException.class)
        .hasMessageEndingWith(
            "a header of the record has no value, and none in the field 'all' may be null");
  }

  private static RowDeserializationSchema headersIn(boolean nullable) {
    String inner = "{\"kind\": \"str\", \"nullable\": %s}".formatted(nullable);
    String shape =
        "{\"kind\": \"row\", \"fields\": [{\"name\": \"text\", \"shape\": {\"kind\": \"str\"}},"
            + " {\"name\": \"all\", \"shape\": {\"kind\": \"dict\", \"inner\": %s}}]}";
    RowDeserializationSchema schema =
        RowReading.of(shape.formatted(inner))
            .metadata(Map.of("all", "headers"))
            .build((row, excluded) -> new Text(row));
    schema.open(new SimpleCounter());
    return schema;
  }

  private static RowDeserializationSchema schema(String onError) {
    RowDeserializationSchema schema =
        Serialized.copy(
            RowReading.of(Shapes.text(LINE, List.of("text")))
                .metadata(Map.of("at", "offset"))
                .onError(onError, 5)
                .build((shape, excluded) -> new Text(shape)));
    schema.open(new SimpleCounter());
    return schema;
  }

  private static List<Row> decode(RowDeserializationSchema schema, String value)
      throws BadRecordException {
    byte[] bytes = value == null ? null : value.getBytes(UTF_8);
    return decodeRecord(schema, new ConsumerRecord<>("t", 0, 7, null, bytes));
  }

  private static List<Row> decodeRecord(
      RowDeserializationSchema schema, ConsumerRecord<byte[], byte[]> record)
      throws BadRecordException {
    List<Row> rows = new ArrayList<>();
    Collector<Row> out =
        new Collector<>() {
          @Override
          public void collect(Row row) {
            rows.add(row);
          }

          @Override
          public void close() {}
        };
    schema.deserialize(record, out);
    return rows;
  }
}
