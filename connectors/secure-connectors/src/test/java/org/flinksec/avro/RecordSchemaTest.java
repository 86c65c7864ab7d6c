// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.flinksec.avro.RandomShapes.decimal;
import static org.flinksec.avro.RandomShapes.field;
import static org.flinksec.avro.RandomShapes.list;
import static org.flinksec.avro.RandomShapes.nullable;
import static org.flinksec.avro.RandomShapes.row;
import static org.flinksec.avro.RandomShapes.symbols;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.rows.Scalars;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;
import org.junit.jupiter.api.Test;

/** The schema of a record class: its names and defaults, and what has none in Avro. */
class RecordSchemaTest {
  private static final Shape TEXT = RandomShapes.of(Kind.STR);

  private static Schema schema(String name, Shape shape) {
    return Schemas.parse(RecordSchema.of(shape, name, Set.of()).toString(), List.of());
  }

  private static void assertRefused(Shape shape, String why) {
    assertThatExceptionOfType(SchemaMismatchException.class)
        .isThrownBy(() -> RecordSchema.of(shape, "", Set.of()))
        .withMessageContaining(why);
  }

  @Test
  void aRecordHasTheNameOfItsClassOrAFullOne() {
    Shape shape = row("Flight", field("id", TEXT), field("leg", row("Leg", field("to", TEXT))));
    assertThat(schema("", shape).getFullName()).isEqualTo("Flight");
    Schema named = schema("com.example.Departure", shape);
    assertThat(named.getFullName()).isEqualTo("com.example.Departure");
    assertThat(named.getField("leg").schema().getFullName()).isEqualTo("com.example.Leg");
  }

  /** Avro's own class reads the defaults out of the schema's text. */
  @Test
  void defaultsOfEachTypeAreThoseOfTheClass() {
    Shape leg = row("Leg", field("to", TEXT));
    Shape shape =
        row(
            "R",
            field("text", TEXT, "a"),
            field("none", nullable(TEXT), null),
            field("some", nullable(TEXT), "b"),
            field("time", RandomShapes.of(Kind.DATETIME), Instant.parse("2024-01-02T03:04:05Z")),
            field("day", RandomShapes.of(Kind.DATE), LocalDate.of(1970, 1, 3)),
            field("price", decimal(5, 2), new BigDecimal("-1.5")),
            field("raw", RandomShapes.of(Kind.BYTES), new byte[] {-1, 0}),
            field("list", list(TEXT), new String[] {"x"}),
            field("leg", leg, Row.of("y")),
            field("state", symbols("State", "ON", "OFF"), "OFF"));
    Schema schema = schema("", shape);
    assertThat(schema.getFields().stream().map(each -> new GenericData().getDefaultValue(each)))
        .map(value -> value == null ? null : value.toString())
        .containsExactly(
            "a",
            null,
            "b",
            "1704164645000000",
            "2",
            "java.nio.HeapByteBuffer[pos=0 lim=2 cap=2]",
            "java.nio.HeapByteBuffer[pos=0 lim=2 cap=2]",
            "[x]",
            "{\"to\": \"y\"}",
            "OFF");
  }

  /** Microseconds from the first year to the last are a long; nanoseconds are not. */
  @Test
  void aDefaultIsATimeOfAnyYear() {
    for (String text : List.of("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")) {
      Instant time = Instant.parse(text);
      Schema schema = schema("", row("R", field("t", RandomShapes.of(Kind.DATETIME), time)));
      assertThat(new GenericData().getDefaultValue(schema.getField("t")))
          .isEqualTo(Scalars.micros(time));
    }
  }

  @Test
  void whatAvroCannotSayIsRefusedWithTheField() {
    assertRefused(row("R", field("price", decimal(0, 0))), "field 'price' is a Decimal of any");
    assertRefused(
        row("R", field("legs", list(row("R", field("a", TEXT))))),
        "field 'legs[]' is of a second class called R");
    assertRefused(
        row("R", new Shape.Field("tail", "tail-number", TEXT, false, null)),
        "field 'tail' is called 'tail-number' in Avro");
  }

  @Test
  void whatHasNoPlaceInASchemaIsRefusedBeforeAnyRecord() {
    Shape shape = row("R", field("id", TEXT), field("extra", TEXT));
    Schema narrow = schema("", row("R", field("id", TEXT)));
    assertThatExceptionOfType(SchemaMismatchException.class)
        .isThrownBy(() -> new RowToAvro(narrow.toString(), shape))
        .withMessageContaining("field 'extra' has no place in the schema");
    Schema wide = schema("", row("R", field("id", TEXT), field("more", TEXT)));
    assertThatExceptionOfType(SchemaMismatchException.class)
        .isThrownBy(() -> new RowToAvro(wide.toString(), row("R", field("id", TEXT))))
        .withMessageContaining("field 'more' is in the schema, where it has no default");
  }

  @Test
  void valuesBeyondTheSchemaAreTheRecordsFault() {
    String small =
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"n\",\"type\":\"int\"},"
            + "{\"name\":\"t\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}}]}";
    Shape shape =
        row("R", field("n", RandomShapes.of(Kind.INT)), field("t", RandomShapes.of(Kind.DATETIME)));
    RowToAvro writer = new RowToAvro(small, shape);
    assertThatExceptionOfType(UnencodableException.class)
        .isThrownBy(() -> writer.write(Row.of(1L << 40, Instant.EPOCH)))
        .withMessage("field 'n' is too large for an int of Avro");
    assertThatExceptionOfType(UnencodableException.class)
        .isThrownBy(() -> writer.write(Row.of(1L, Instant.EPOCH.plusNanos(1000))))
        .withMessageContaining("field 't' is a time of fractions");
    assertThatExceptionOfType(UnencodableException.class)
        .isThrownBy(() -> writer.write(Row.of(null, Instant.EPOCH)))
        .withMessageContaining("field 'n' is null");
  }
}
