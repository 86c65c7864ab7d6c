// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.types.Row;
import org.flinksec.Serialized;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shapes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RowJsonTest {
  static final RowTypeInfo PLACE =
      new RowTypeInfo(
          new TypeInformation<?>[] {Types.STRING, Types.DOUBLE}, new String[] {"name", "lat"});
  static final RowTypeInfo ALL =
      (RowTypeInfo)
          Types.ROW_NAMED(
              new String[] {
                "s", "l", "i", "d", "b", "raw", "at", "place", "tags", "legs", "facts", "on", "cost"
              },
              Types.STRING,
              Types.LONG,
              Types.INT,
              Types.DOUBLE,
              Types.BOOLEAN,
              PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO,
              Types.INSTANT,
              PLACE,
              Types.OBJECT_ARRAY(Types.STRING),
              Types.OBJECT_ARRAY(PLACE),
              Types.MAP(Types.STRING, Types.LONG),
              Types.LOCAL_DATE,
              Types.BIG_DEC);
  static final Shape SHAPE = Shape.of(ALL);

  static final Row FULL =
      Row.of(
          "Zürich \"1\" \u2708",
          Long.MIN_VALUE,
          -7,
          0.1,
          true,
          new byte[] {0, -1, 5},
          Instant.parse("2013-01-01T10:00:00.123Z"),
          Row.of("JFK", 40.6),
          new String[] {"a", "b"},
          new Row[] {Row.of("EWR", null), null},
          Map.of("x", 1L),
          LocalDate.of(2013, 2, 28),
          new BigDecimal("-12.50"));

  static final String FULL_JSON =
      "{\"s\":\"Zürich \\\"1\\\" \u2708\",\"l\":-9223372036854775808,\"i\":-7,\"d\":0.1,\"b\":true,"
          + "\"raw\":\"AP8F\",\"at\":\"2013-01-01T10:00:00.123Z\","
          + "\"place\":{\"name\":\"JFK\",\"lat\":40.6},\"tags\":[\"a\",\"b\"],"
          + "\"legs\":[{\"name\":\"EWR\",\"lat\":null},null],\"facts\":{\"x\":1},"
          + "\"on\":\"2013-02-28\",\"cost\":-12.50}";

  private static final RowTypeInfo NESTED =
      (RowTypeInfo)
          Types.ROW_NAMED(
              new String[] {"maybe", "names", "lists", "counts", "groups", "stops"},
              PLACE,
              Types.OBJECT_ARRAY(Types.STRING),
              Types.OBJECT_ARRAY(Types.OBJECT_ARRAY(Types.LONG)),
              Types.MAP(Types.STRING, Types.LONG),
              Types.MAP(Types.STRING, Types.OBJECT_ARRAY(Types.STRING)),
              Types.OBJECT_ARRAY(PLACE));
  private static final Shape DEEP =
      Shapes.requiring(
          Shape.of(NESTED),
          "maybe.name",
          "names[]",
          "lists[]",
          "lists[][]",
          "counts{}",
          "groups{}[]",
          "stops[]",
          "stops[].name");

  @Test
  void everyTypeIsWrittenInDeclaredOrderAndReadBack() throws Exception {
    assertThat(new RowToJson(SHAPE).toText(FULL)).isEqualTo(FULL_JSON);
    assertThat(new JsonToRow(SHAPE, Set.of()).read(utf8(FULL_JSON))).isEqualTo(FULL);
  }

  @Test
  void aRowOfNullsIsWrittenAndReadBack() throws Exception {
    Row nulls = new Row(ALL.getArity());
    byte[] json = new RowToJson(SHAPE).toBytes(nulls);
    assertThat(new String(json, StandardCharsets.UTF_8)).startsWith("{\"s\":null,\"l\":null,");
    assertThat(new JsonToRow(SHAPE, Set.of()).read(json)).isEqualTo(nulls);
  }

  @Test
  void fieldsOfRowsThatAreNullCanBeLeftOutAtEveryDepthAndInListsAndDictsNullsStay()
      throws Exception {
    RowTypeInfo inner =
        (RowTypeInfo) Types.ROW_NAMED(new String[] {"name", "lat"}, Types.STRING, Types.DOUBLE);
    RowTypeInfo type =
        (RowTypeInfo)
            Types.ROW_NAMED(
                new String[] {"a", "in", "all", "d"},
                Types.STRING,
                inner,
                Types.OBJECT_ARRAY(inner),
                Types.MAP(Types.STRING, inner));
    Map<String, Row> byName = new java.util.TreeMap<>();
    byName.put("k", Row.of("z", null));
    byName.put("n", null);
    Row row = Row.of(null, Row.of("x", null), new Row[] {null, Row.of(null, 1.0)}, byName);
    RowToJson writer = Serialized.copy(RowToJson.withoutNulls(Shape.of(type)));
    assertThat(writer.toText(row))
        .isEqualTo(
            "{\"in\":{\"name\":\"x\"},\"all\":[null,{\"lat\":1.0}],\"d\":{\"k\":{\"name\":\"z\"},\"n\":null}}");
    assertThat(writer.toText(new Row(4))).isEqualTo("{}");
  }

  @Test
  void bothWorkAfterJavaSerialisation() throws Exception {
    JsonToRow reader = Serialized.copy(new JsonToRow(Shapes.requiring(SHAPE, "s"), Set.of("l")));
    assertThat(reader.read(utf8("{\"s\":\"x\",\"l\":4}")).getField(1)).isNull();
    assertThat(Serialized.copy(new RowToJson(SHAPE)).toText(FULL)).isEqualTo(FULL_JSON);
  }

  @Test
  void whatJsonToRowReadsFlinkCanCopy() throws Exception {
    Row row = new JsonToRow(SHAPE, Set.of()).read(utf8(FULL_JSON));
    assertThat(ALL.createSerializer(new SerializerConfigImpl()).copy(row)).isEqualTo(row);
  }

  @Test
  void unknownFieldsArePassedOverWithAllTheyHold() throws Exception {
    Row row = place("{\"x\":{\"name\":[1,{\"lat\":2}]},\"name\":\"LGA\",\"y\":[[]],\"lat\":1}");
    assertThat(row).isEqualTo(Row.of("LGA", 1.0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"s":5}            | field 's' should be a string but is a whole number
          {"l":"5"}          | field 'l' should be a whole number but is a string
          {"l":5.5}          | field 'l' should be a whole number but is a number with a fraction
          {"l":9223372036854775808} | field 'l' is a whole number outside the 64-bit range
          {"i":2147483648}   | field 'i' is a whole number outside the 32-bit range
          {"d":true}         | field 'd' should be a number but is a boolean
          {"d":1e999}        | field 'd' is a number too large for a double
          {"b":0}            | field 'b' should be a boolean but is a whole number
          {"raw":"?"}        | field 'raw' is not Base64
          {"at":"2013-01-01"} | field 'at' is not an ISO-8601 time with an offset, such as 2013-01-01T10:00:00Z
          {"at":{}}          | field 'at' should be an ISO-8601 time or milliseconds since 1970 but is an object
          {"place":[1]}      | field 'place' should be an object but is an array
          {"place":{"lat":"x"}} | field 'place.lat' should be a number but is a string
          {"tags":"a"}       | field 'tags' should be an array but is a string
          {"on":"2013-2-28"}  | field 'on' is not an ISO-8601 date, such as 2013-01-01
          {"on":"2013-02-29"} | field 'on' is not an ISO-8601 date, such as 2013-01-01
          {"on":20130228}     | field 'on' should be an ISO-8601 date but is a whole number
          {"cost":true}       | field 'cost' should be a number but is a boolean
          {"cost":"12,50"}    | field 'cost' is not a decimal number, such as 12.50
          {"cost":1e21}       | field 'cost' has more than 20 digits before the point
          {"cost":1e-19}      | field 'cost' has more than 18 digits after the point
          {"cost":1e999999999} | field 'cost' has more than 20 digits before the point
          {"cost":1e-999999999} | field 'cost' has more than 18 digits after the point
          {"at":"-0001-01-01T00:00:00Z"} | field 'at' is a time beyond the years 1 to 9999
          {"at":253402300800000} | field 'at' is a time beyond the years 1 to 9999
          {"legs":[{"name":"a"},{"name":3}]} | field 'legs.1.name' should be a string but is a whole number
          {"l":9007199254740991.4} | field 'l' should be a whole number but is a number with a fraction
          {"l":1e-400}       | field 'l' should be a whole number but is a number with a fraction
          {"l":1e400}        | field 'l' should be a whole number but is a number with a fraction
          {"s":"cut \\ud83d"} | field 's' holds half of a surrogate pair, which is not text
          {"s":"\\ude00\\ud83d"} | field 's' holds half of a surrogate pair, which is not text
          {"tags":["\\udc00x"]} | field 'tags' holds half of a surrogate pair, which is not text
          {"facts":{"\\ud83dx":1}} | field 'facts' holds half of a surrogate pair, which is not text
          {"facts":{"k":"v"}} | field 'facts.*' should be a whole number but is a string
          [1]                | the document is an array, not an object
          null               | the document is null, not an object
          ``                 | the document is empty
          {"s":"a"} {}       | something follows the end of the JSON object
          {"s":"a"           | the document ends too early, at line 1, column 9
          {"s":tru}          | the document is no longer JSON at line 1, column 10
          """)
  void aDocumentOfTheWrongFormIsRefusedWithTheFieldAndTheKindOfValue(String json, String message) {
    assertThatThrownBy(() -> new JsonToRow(SHAPE, Set.of()).read(utf8(json)))
        .isInstanceOf(JsonDecodingException.class)
        .hasMessage(message);
  }

  @Test
  void aFieldHasItsNameOutsideAndItsDefaultWhereItIsMissing() throws Exception {
    Shape trip =
        Shape.parse(
            """
            {"kind":"row","fields":[
              {"name":"tail","wire":"tail-number","shape":{"kind":"str"}},
              {"name":"cost","shape":{"kind":"decimal","precision":5,"scale":2},"default":"1.50"},
              {"name":"note","shape":{"kind":"str","nullable":true},"default":"none"},
              {"name":"state","shape":{"kind":"enum","name":"State","symbols":["on"]},
               "default":"on"},
              {"name":"in","shape":{"kind":"row","fields":[
                {"name":"n","wire":"the n","shape":{"kind":"int"},"default":7}]}}]}
            """);
    JsonToRow reader = Serialized.copy(new JsonToRow(trip, Set.of()));
    String json = "{\"tail-number\":\"N1\",\"tail\":5,\"in\":{}}";
    Row row = Row.of("N1", new BigDecimal("1.50"), "none", "on", Row.of(7L));
    assertThat(reader.read(utf8(json))).isEqualTo(row);
    assertThat(new RowToJson(trip).toText(row))
        .isEqualTo(
            "{\"tail-number\":\"N1\",\"cost\":1.50,\"note\":\"none\",\"state\":\"on\","
                + "\"in\":{\"the n\":7}}");
    Row nulled = reader.read(utf8("{\"tail-number\":\"N1\",\"note\":null,\"cost\":2,\"in\":{}}"));
    assertThat(nulled.getField(2)).isNull();
    assertThat(nulled.getField(1)).isEqualTo(new BigDecimal("2.00"));
    for (Map.Entry<String, String> wrong :
        Map.of(
                "{\"tail\":\"N1\"}", "field 'tail-number' is required but missing or null",
                "{\"tail-number\":\"N1\",\"cost\":null,\"in\":{}}",
                    "field 'cost' is required but missing or null",
                "{\"state\":\"off\"}", "field 'state' is no value of the enum State",
                "{\"in\":{\"the n\":\"7\"}}",
                    "field 'in.the n' should be a whole number but is a string")
            .entrySet()) {
      assertThatThrownBy(() -> reader.read(utf8(wrong.getKey()))).hasMessage(wrong.getValue());
    }
  }

  @Test
  void anErrorNeverQuotesTheDocument() {
    String secret = "hunter2".repeat(100);
    for (String json : List.of("{\"l\":\"" + secret + "\"}", "{\"l\":" + secret, secret)) {
      assertThatThrownBy(() -> new JsonToRow(SHAPE, Set.of()).read(utf8(json)))
          .isInstanceOf(JsonDecodingException.class)
          .message()
          .doesNotContain("hunter2hunter2")
          .hasSizeLessThan(250);
    }
  }

  @Test
  void invalidUtf8AndTheAbsentDocumentAreRefused() {
    byte[] broken = utf8("{\"s\":\"a\"}");
    broken[6] = (byte) 0xff;
    assertThatThrownBy(() -> new JsonToRow(SHAPE, Set.of()).read(broken))
        .isInstanceOf(JsonDecodingException.class);
    assertThatThrownBy(() -> new JsonToRow(SHAPE, Set.of()).read(null))
        .isInstanceOf(JsonDecodingException.class)
        .hasMessage("there is no document (a null value)");
  }

  @Test
  void wholeNumbersWithAZeroFractionAndMillisecondsAreTaken() throws Exception {
    Row row = new JsonToRow(SHAPE, Set.of()).read(utf8("{\"l\":5.0,\"d\":3,\"at\":1357034400000}"));
    assertThat(row.getField(1)).isEqualTo(5L);
    assertThat(row.getField(3)).isEqualTo(3.0);
    assertThat(row.getField(6)).isEqualTo(Instant.parse("2013-01-01T10:00:00Z"));
  }

  @Test
  void timesWithAnOffsetBecomeInstants() throws Exception {
    Row row = new JsonToRow(SHAPE, Set.of()).read(utf8("{\"at\":\"2013-01-01T05:00:00.5-05:00\"}"));
    assertThat(row.getField(6)).isEqualTo(Instant.parse("2013-01-01T10:00:00.5Z"));
  }

  @ParameterizedTest
  @CsvSource({"'{}', s", "'{\"s\":null}', s", "'{\"s\":\"\",\"place\":{\"lat\":1}}', place.name"})
  void aRequiredFieldThatIsMissingOrNullIsAnError(String json, String field) {
    JsonToRow reader = new JsonToRow(Shapes.requiring(SHAPE, "s", "place.name"), Set.of());
    assertThatThrownBy(() -> reader.read(utf8(json)))
        .hasMessage("field '%s' is required but missing or null", field);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"names":["a",null]}      | field 'names.1' is null, which its type does not allow
          {"lists":[[],null]}       | field 'lists.1' is null, which its type does not allow
          {"lists":[[],[null]]}     | field 'lists.1.0' is null, which its type does not allow
          {"counts":{"k":null}}     | field 'counts.*' is null, which its type does not allow
          {"groups":{"k":["a",null]}} | field 'groups.*.1' is null, which its type does not allow
          {"maybe":{}}              | field 'maybe.name' is required but missing or null
          {"stops":[{"name":"a"},{"lat":1}]} | field 'stops.1.name' is required but missing or null
          {"stops":[null]}          | field 'stops.0' is null, which its type does not allow
          """)
  void whatIsRequiredBelowTheTopIsRequiredAtEveryDepth(String json, String message) {
    JsonToRow reader = new JsonToRow(DEEP, Set.of());
    assertThatThrownBy(() -> reader.read(utf8(json)))
        .isInstanceOf(JsonDecodingException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"maybe\":null,\"names\":null,\"lists\":null,\"counts\":null,\"groups\":null}",
        "{\"maybe\":{\"name\":\"\",\"lat\":null},\"names\":[],\"lists\":[[]],\"counts\":{}}",
        "{\"groups\":{\"k\":null},\"stops\":[{\"name\":\"a\"}]}"
      })
  void aListOrRowThatMayBeNullMayBeSoWhateverItsInsideAsksFor(String json) throws Exception {
    assertThat(new JsonToRow(DEEP, Set.of()).read(utf8(json))).isNotNull();
  }

  @Test
  void textOutsideTheBasicPlaneAndOddCharactersAreKept() throws Exception {
    String odd = "\uFEFFa\uFFFE\u0000\uD83D\uDE00\uDBFF\uDFFF";
    Row row = new JsonToRow(SHAPE, Set.of()).read(new RowToJson(SHAPE).toBytes(withText(odd)));
    assertThat(row.getField(0)).isEqualTo(odd);
    assertThatThrownBy(() -> new RowToJson(SHAPE).toText(withText("\uD83D")))
        .isInstanceOf(UnwritableValueException.class)
        .hasMessage("field 's' holds half of a surrogate pair, which is not text");
  }

  @Test
  void textOutsideTheBasicPlaneIsWrittenInUtf8WhereverItStands() throws Exception {
    RowToJson json = new RowToJson(SHAPE);
    for (int before = 0; before < 4; before++) {
      String text = "a".repeat(before) + "\uD83D\uDE00".repeat(20_000);
      byte[] written = json.toBytes(withText(text));
      assertThat(new JsonToRow(SHAPE, Set.of()).read(written).getField(0)).isEqualTo(text);
      assertThat(written).hasSizeLessThan(82_000);
      assertThat(json.toText(withText(text)))
          .isEqualTo(new String(written, StandardCharsets.UTF_8));
    }
  }

  @Test
  void aMessageShowsNoKeyOfAMapEither() {
    Row row = Row.withPositions(NESTED.getArity());
    row.setField(NESTED.getFieldIndex("counts"), Map.of("hunter2", "x"));
    assertThatThrownBy(() -> new RowToJson(DEEP).toText(row))
        .hasMessage("field 'counts.*' should be Long but is String");
  }

  private static Row withText(String text) {
    Row row = Row.copy(FULL);
    row.setField(0, text);
    return row;
  }

  @Test
  void aReaderStaysUsableAfterAnError() throws Exception {
    JsonToRow reader = new JsonToRow(Shape.of(PLACE), Set.of());
    assertThatThrownBy(() -> reader.read(utf8("{\"name\":[")));
    assertThat(reader.read(utf8("{\"name\":\"JFK\"}"))).isEqualTo(Row.of("JFK", null));
  }

  @Test
  void anUnknownFieldOrAnUnreadableTypeIsRefusedAtOnce() {
    assertThatThrownBy(() -> new JsonToRow(Shape.of(PLACE), Set.of("nome")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'nome' is not a field of the row; it has: name, lat");
    RowTypeInfo odd = (RowTypeInfo) Types.ROW_NAMED(new String[] {"t"}, Types.LOCAL_TIME);
    assertThatThrownBy(() -> Shape.of(odd))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("field 't' has the type LocalTime, which no format writes");
  }

  @Test
  void aValueOfTheWrongClassIsRefusedAndTheWriterStaysUsable() {
    RowToJson writer = new RowToJson(SHAPE);
    Row wrong = Row.copy(FULL);
    wrong.setField(7, Row.of("JFK", "north"));
    assertThatThrownBy(() -> writer.toText(wrong))
        .isInstanceOf(JsonEncodingException.class)
        .hasMessage("field 'place.lat' should be Double but is String");
    assertThat(writer.toText(FULL)).isEqualTo(FULL_JSON);
  }

  @Test
  void numbersThatJsonCannotExpressAndRowsOfAnotherArityAreRefused() {
    RowToJson writer = new RowToJson(Shape.of(PLACE));
    assertThatThrownBy(() -> writer.toText(Row.of("x", Double.NaN)))
        .hasMessage("field 'lat' is NaN, which JSON cannot express");
    assertThatThrownBy(() -> writer.toText(Row.of("x")))
        .hasMessage("the row has 1 fields, but its type declares 2");
  }

  @Test
  void aLargeDocumentDoesNotLeakIntoTheNext() {
    RowToJson writer = new RowToJson(Shape.of(PLACE));
    assertThat(writer.toBytes(Row.of("x".repeat(3_000_000), 1.0))).hasSizeGreaterThan(3_000_000);
    assertThat(writer.toText(Row.of("y", 1.0))).isEqualTo("{\"name\":\"y\",\"lat\":1.0}");
  }

  @Test
  void theElementsOfAnArrayOfStringsAreStrings() throws Exception {
    RowTypeInfo type =
        (RowTypeInfo) Types.ROW_NAMED(new String[] {"a"}, Types.OBJECT_ARRAY(Types.STRING));
    Row row = new JsonToRow(Shape.of(type), Set.of()).read(utf8("{\"a\":[\"x\",null]}"));
    assertThat((String[]) row.getField(0)).isEqualTo(new String[] {"x", null});
    assertThat(new RowToJson(Shape.of(type)).toText(row)).isEqualTo("{\"a\":[\"x\",null]}");
  }

  private static Row place(String json) throws JsonDecodingException {
    return new JsonToRow(Shape.of(PLACE), Set.of()).read(utf8(json));
  }

  private static byte[] utf8(String text) {
    return text == null ? new byte[0] : text.getBytes(StandardCharsets.UTF_8);
  }
}
