// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
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
    byte[] bytes = value == null ? null : value.getBytes(UTF_8);
    schema.deserialize(new ConsumerRecord<>("t", 0, 7, null, bytes), out);
    return rows;
  }
}
