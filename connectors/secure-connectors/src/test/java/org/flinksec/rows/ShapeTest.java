// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.types.Row;
import org.flinksec.Serialized;
import org.flinksec.rows.Shape.Kind;
import org.junit.jupiter.api.Test;

class ShapeTest {
  private static final String TRIP =
      """
      {"kind":"row","name":"Trip","fields":[
        {"name":"id","shape":{"kind":"str"}},
        {"name":"tail","wire":"tail-number","shape":{"kind":"str","nullable":true}},
        {"name":"cost","shape":{"kind":"decimal","precision":10,"scale":2}},
        {"name":"state","shape":{"kind":"enum","name":"State","symbols":["on","off"]}},
        {"name":"stops","shape":{"kind":"list","inner":
          {"kind":"row","fields":[{"name":"at","shape":{"kind":"datetime"}}]}}},
        {"name":"counts","shape":{"kind":"dict","inner":{"kind":"int","nullable":true}}}]}
      """;

  @Test
  void aShapeSaysWhatARecordIs() {
    Shape trip = Serialized.copy(Shape.parse(TRIP));
    assertThat(trip.names()).containsExactly("id", "tail", "cost", "state", "stops", "counts");
    assertThat(trip.fields().get(1).wire()).isEqualTo("tail-number");
    assertThat(trip.fields().get(0).wire()).isEqualTo("id");
    assertThat(trip.fields().get(2).shape().scale()).isEqualTo(2);
    assertThat(trip.fields().get(3).shape().symbols()).isEqualTo(List.of("on", "off"));
    assertThat(trip.requiredPaths())
        .containsExactly("id", "cost", "state", "stops", "stops[]", "stops[].at", "counts");
    assertThat(trip.only(List.of("cost", "id")).names()).containsExactly("cost", "id");
  }

  @Test
  void aDefaultOfEachKindIsAsItStandsInARow() {
    Shape shape =
        Shape.parse(
            """
            {"kind":"row","key":"m.Trip","fields":[
              {"name":"i","shape":{"kind":"int"},"default":-5},
              {"name":"f","shape":{"kind":"float"},"default":"NaN"},
              {"name":"y","shape":{"kind":"bytes"},"default":"AP8="},
              {"name":"t","shape":{"kind":"datetime"},"default":"2020-01-01T00:00:00.000001+00:00"},
              {"name":"d","shape":{"kind":"date"},"default":"2020-02-29"},
              {"name":"n","shape":{"kind":"decimal"},"default":"1.50"},
              {"name":"e","shape":{"kind":"enum","symbols":[1,2]},"default":2},
              {"name":"r","shape":{"kind":"row","fields":[{"name":"x","shape":{"kind":"str"}}]},
               "default":{"x":"a"}},
              {"name":"l","shape":{"kind":"list","inner":{"kind":"int"}},"default":[1]},
              {"name":"m","shape":{"kind":"dict","inner":{"kind":"bool"}},"default":{"k":true}},
              {"name":"o","shape":{"kind":"str","nullable":true},"default":null},
              {"name":"z","shape":{"kind":"str"}}]}
            """);
    assertThat(shape.key()).isEqualTo("m.Trip");
    Object[] defaults = shape.fields().stream().map(Shape.Field::ifMissing).toArray();
    assertThat(Row.of(defaults))
        .isEqualTo(
            Row.of(
                -5L,
                Double.NaN,
                new byte[] {0, -1},
                Instant.parse("2020-01-01T00:00:00.000001Z"),
                LocalDate.of(2020, 2, 29),
                new BigDecimal("1.50"),
                2L,
                Row.of("a"),
                new Long[] {1L},
                Map.of("k", true),
                null,
                null));
    assertThat(shape.fields().get(10).hasDefault()).isTrue();
    assertThat(shape.fields().get(11).hasDefault()).isFalse();
    assertThat(Serialized.copy(shape).names()).hasSize(12);
  }

  @Test
  void theTypeOfARecordsRowsKnowsItsShapeAndIsElseFlinksOwn() {
    RowTypeInfo type = Shape.parse(TRIP).rowType();
    assertThat(Shape.of(Serialized.copy(type))).isEqualTo(Shape.parse(TRIP));
    RowTypeInfo plain = new RowTypeInfo(type.getFieldTypes(), type.getFieldNames());
    assertThat(type).isEqualTo(plain);
    assertThat(plain).isEqualTo(type);
    SerializerConfigImpl config = new SerializerConfigImpl();
    assertThat(type.createSerializer(config)).isEqualTo(plain.createSerializer(config));
  }

  @Test
  void aRowTypeOfNoRecordHasAShapeInWhichAnythingMayBeNull() {
    Shape shape =
        Shape.of(
            Types.ROW_NAMED(
                new String[] {"n", "list"}, Types.INT, Types.OBJECT_ARRAY(Types.STRING)));
    assertThat(shape.requiredPaths()).isEmpty();
    assertThat(shape.fields().get(0).shape().kind()).isEqualTo(Kind.INT32);
    assertThat(shape.fields().get(1).shape().inner().kind()).isEqualTo(Kind.STR);
    assertThatThrownBy(() -> Shape.of(Types.STRING))
        .hasMessage("the stream's type is String, not a row with named fields");
  }
}
