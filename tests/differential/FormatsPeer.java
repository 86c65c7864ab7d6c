// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.formats.common.TimestampFormat;
import org.apache.flink.formats.csv.CsvRowDataDeserializationSchema;
import org.apache.flink.formats.csv.CsvRowDataSerializationSchema;
import org.apache.flink.formats.json.JsonFormatOptions;
import org.apache.flink.formats.json.debezium.DebeziumJsonDeserializationSchema;
import org.apache.flink.formats.json.debezium.DebeziumJsonSerializationSchema;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.Collector;
import org.apache.flink.util.InstantiationUtil;
import org.apache.flink.util.UserCodeClassLoader;
import org.apache.flink.util.SimpleUserCodeClassLoader;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.formats.RowEncoder;
import org.flinksec.formats.csv.CsvDecoder;
import org.flinksec.formats.csv.CsvEncoder;
import org.flinksec.formats.csv.CsvForm;
import org.flinksec.formats.debezium.DebeziumDecoder;
import org.flinksec.formats.debezium.DebeziumEncoder;
import org.flinksec.formats.protobuf.ProtobufDecoder;
import org.flinksec.formats.protobuf.ProtobufEncoder;
import org.flinksec.formats.raw.RawDecoder;
import org.flinksec.formats.raw.RawEncoder;
import org.flinksec.formats.raw.RawForm;
import org.flinksec.rows.Shape;

/**
 * Reads and writes records by our formats and by Flink's own, for tests in Python: a request in JSON
 * on each line, an answer in JSON on each line.
 */
public final class FormatsPeer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HexFormat HEX = HexFormat.of();
  private static final Map<String, Codec> CODECS = new HashMap<>();

  private interface Codec {
    List<Row> read(byte[] value) throws Exception;

    byte[] write(Row row) throws Exception;

    Shape shape();
  }

  public static void main(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(JSON.writeValueAsString(answer(JSON.readTree(line))));
      out.flush();
    }
  }

  private static Map<String, Object> answer(JsonNode request) throws Exception {
    Map<String, Object> answer = new LinkedHashMap<>();
    try {
      String codec = request.get("codec").asText();
      if (request.has("format")) {
        CODECS.put(codec, codec(request));
      } else if (request.has("row")) {
        Codec writer = CODECS.get(codec);
        byte[] bytes = writer.write(row(request, writer.shape()));
        answer.put("hex", bytes == null ? null : HEX.formatHex(bytes));
      } else {
        Codec reader = CODECS.get(codec);
        JsonNode hex = request.get("hex");
        List<Object> rows = new ArrayList<>();
        for (Row row : reader.read(hex.isNull() ? null : HEX.parseHex(hex.asText()))) {
          rows.add(List.of(row.getKind().shortString(), fromRow(row, reader.shape())));
        }
        answer.put("rows", rows);
      }
    } catch (UndecodableException | UnencodableException e) {
      answer.put("bad", e.getMessage());
    } catch (IllegalArgumentException e) {
      answer.put("refused", String.valueOf(e.getMessage()));
    } catch (Exception e) {
      answer.put("raised", e.toString());
    }
    return answer;
  }

  // ---------------------------------------------------------------- ours

  private static Codec codec(JsonNode request) throws Exception {
    Shape shape = Shape.parse(request.get("shape").toString());
    JsonNode options = request.path("options");
    String format = request.get("format").asText();
    if (format.startsWith("flink-")) {
      return flink(format, shape, options);
    }
    Set<String> excluded = new TreeSet<>();
    request.path("excluded").forEach(name -> excluded.add(name.asText()));
    RowDecoder.Factory decoders = decoders(format, options);
    RowEncoder.Factory encoders = encoders(format, options);
    RowDecoder decoder =
        options.has("only_write") ? null : InstantiationUtil.clone(decoders.of(shape, excluded));
    RowEncoder encoder =
        options.has("only_read") ? null : InstantiationUtil.clone(encoders.of(shape));
    return new Codec() {
      @Override
      public List<Row> read(byte[] value) throws Exception {
        List<Row> rows = new ArrayList<>();
        decoder.readAll(value, rows::add);
        return rows;
      }

      @Override
      public byte[] write(Row row) throws Exception {
        return encoder.writes(row) ? encoder.write(row) : null;
      }

      @Override
      public Shape shape() {
        return shape;
      }
    };
  }

  private static RowDecoder.Factory decoders(String format, JsonNode options) {
    return switch (format) {
      case "protobuf" -> ProtobufDecoder.factory(descriptors(options), text(options, "message"));
      case "csv" -> CsvDecoder.factory(csv(options), texts(options, "columns"));
      case "raw" -> RawDecoder.factory(raw(options));
      default ->
          DebeziumDecoder.factory(
              options.path("before").asBoolean(),
              options.path("per_second").asInt(1_000),
              options.path("decimals_are_bytes").asBoolean(),
              map(options.path("metadata")));
    };
  }

  private static RowEncoder.Factory encoders(String format, JsonNode options) {
    return switch (format) {
      case "protobuf" -> ProtobufEncoder.factory(descriptors(options), text(options, "message"));
      case "csv" -> CsvEncoder.factory(csv(options), texts(options, "columns"));
      case "raw" -> RawEncoder.factory(raw(options));
      default ->
          DebeziumEncoder.factory(
              options.path("op_field").asText(""),
              options.path("before").asBoolean(),
              options.path("schema_name").asText(""));
    };
  }

  private static byte[] descriptors(JsonNode options) {
    return HEX.parseHex(text(options, "descriptors"));
  }

  private static CsvForm csv(JsonNode options) {
    JsonNode nullText = options.get("null");
    return CsvForm.of(
        options.path("delimiter").asText(","),
        options.path("quote").asText("\""),
        options.path("escape").asText(""),
        nullText == null ? "" : nullText.isNull() ? null : nullText.asText());
  }

  private static RawForm raw(JsonNode options) {
    return new RawForm(
        options.path("little_endian").asBoolean(),
        options.path("int_bytes").asInt(8),
        options.path("float_bytes").asInt(8));
  }

  private static String text(JsonNode options, String name) {
    return options.get(name).asText();
  }

  private static List<String> texts(JsonNode options, String name) {
    List<String> all = new ArrayList<>();
    options.path(name).forEach(one -> all.add(one.asText()));
    return all;
  }

  private static Map<String, String> map(JsonNode node) {
    Map<String, String> all = new HashMap<>();
    node.properties().forEach(entry -> all.put(entry.getKey(), entry.getValue().asText()));
    return all;
  }

  // ---------------------------------------------------------------- Flink's own

  private static Codec flink(String format, Shape shape, JsonNode options) throws Exception {
    DataType type = dataType(shape);
    RowType rowType = (RowType) type.getLogicalType();
    InternalTypeInfo<RowData> info = InternalTypeInfo.of(rowType);
    DeserializationSchema<RowData> reader;
    SerializationSchema<RowData> writer;
    if (format.equals("flink-csv")) {
      CsvRowDataDeserializationSchema.Builder reading =
          new CsvRowDataDeserializationSchema.Builder(rowType, info)
              .setFieldDelimiter(options.path("delimiter").asText(",").charAt(0));
      CsvRowDataSerializationSchema.Builder writing =
          new CsvRowDataSerializationSchema.Builder(rowType)
              .setFieldDelimiter(options.path("delimiter").asText(",").charAt(0));
      if (options.has("null")) {
        reading.setNullLiteral(text(options, "null"));
        writing.setNullLiteral(text(options, "null"));
      }
      reader = reading.build();
      writer = writing.build();
    } else {
      reader =
          new DebeziumJsonDeserializationSchema(
              type,
              List.of(),
              info,
              options.path("schema").asBoolean(),
              false,
              TimestampFormat.ISO_8601);
      writer =
          new DebeziumJsonSerializationSchema(
              rowType,
              TimestampFormat.ISO_8601,
              JsonFormatOptions.MapNullKeyMode.FAIL,
              "null",
              true,
              false);
    }
    reader.open(new Opening());
    writer.open(new Opening());
    return new Codec() {
      @Override
      public List<Row> read(byte[] value) throws Exception {
        List<Row> rows = new ArrayList<>();
        reader.deserialize(
            value,
            new Collector<RowData>() {
              @Override
              public void collect(RowData row) {
                rows.add(external(row, shape));
              }

              @Override
              public void close() {}
            });
        return rows;
      }

      @Override
      public byte[] write(Row row) throws Exception {
        return writer.serialize((RowData) internal(row, shape));
      }

      @Override
      public Shape shape() {
        return shape;
      }
    };
  }

  private static final class Opening
      implements DeserializationSchema.InitializationContext,
          SerializationSchema.InitializationContext {
    @Override
    public MetricGroup getMetricGroup() {
      return new UnregisteredMetricsGroup();
    }

    @Override
    public UserCodeClassLoader getUserCodeClassLoader() {
      return SimpleUserCodeClassLoader.create(FormatsPeer.class.getClassLoader());
    }
  }

  private static DataType dataType(Shape shape) {
    return switch (shape.kind()) {
      case STR, UUID, ENUM -> DataTypes.STRING();
      case INT -> DataTypes.BIGINT();
      case INT32 -> DataTypes.INT();
      case FLOAT -> DataTypes.DOUBLE();
      case BOOL -> DataTypes.BOOLEAN();
      case BYTES -> DataTypes.BYTES();
      case DATETIME -> DataTypes.TIMESTAMP_LTZ(6);
      case DATE -> DataTypes.DATE();
      case DECIMAL -> DataTypes.DECIMAL(shape.precision(), shape.scale());
      case LIST -> DataTypes.ARRAY(dataType(shape.inner()));
      case DICT -> DataTypes.MAP(DataTypes.STRING(), dataType(shape.inner()));
      case ROW ->
          DataTypes.ROW(
              shape.fields().stream()
                  .map(field -> DataTypes.FIELD(field.wire(), dataType(field.shape())))
                  .toArray(DataTypes.Field[]::new));
    };
  }

  private static Row external(RowData data, Shape shape) {
    LogicalType type = dataType(shape).getLogicalType();
    Row row = new Row(data.getRowKind(), shape.fields().size());
    for (int i = 0; i < shape.fields().size(); i++) {
      LogicalType field = ((RowType) type).getTypeAt(i);
      row.setField(
          i,
          external(
              RowData.createFieldGetter(field, i).getFieldOrNull(data),
              shape.fields().get(i).shape()));
    }
    return row;
  }

  private static Object external(Object value, Shape shape) {
    if (value == null) {
      return null;
    }
    return switch (shape.kind()) {
      case STR, UUID, ENUM -> value.toString();
      case DATETIME -> ((TimestampData) value).toInstant();
      case DATE -> LocalDate.ofEpochDay((Integer) value);
      case DECIMAL -> ((DecimalData) value).toBigDecimal();
      case ROW -> external((RowData) value, shape);
      case LIST -> {
        ArrayData array = (ArrayData) value;
        ArrayData.ElementGetter getter =
            ArrayData.createElementGetter(dataType(shape.inner()).getLogicalType());
        Object[] made = new Object[array.size()];
        for (int i = 0; i < made.length; i++) {
          made[i] = external(getter.getElementOrNull(array, i), shape.inner());
        }
        yield made;
      }
      case DICT -> {
        MapData map = (MapData) value;
        ArrayData.ElementGetter getter =
            ArrayData.createElementGetter(dataType(shape.inner()).getLogicalType());
        Map<String, Object> made = new LinkedHashMap<>();
        for (int i = 0; i < map.size(); i++) {
          made.put(
              map.keyArray().getString(i).toString(),
              external(getter.getElementOrNull(map.valueArray(), i), shape.inner()));
        }
        yield made;
      }
      default -> value;
    };
  }

  private static Object internal(Object value, Shape shape) {
    if (value == null) {
      return null;
    }
    return switch (shape.kind()) {
      case STR, UUID, ENUM -> StringData.fromString((String) value);
      case DATETIME -> TimestampData.fromInstant((Instant) value);
      case DATE -> (int) ((LocalDate) value).toEpochDay();
      case DECIMAL ->
          DecimalData.fromBigDecimal((BigDecimal) value, shape.precision(), shape.scale());
      case LIST -> {
        List<Object> all = new ArrayList<>();
        for (Object one : (Object[]) value) {
          all.add(internal(one, shape.inner()));
        }
        yield new GenericArrayData(all.toArray());
      }
      case DICT -> {
        Map<Object, Object> all = new LinkedHashMap<>();
        ((Map<?, ?>) value)
            .forEach(
                (key, one) ->
                    all.put(StringData.fromString((String) key), internal(one, shape.inner())));
        yield new GenericMapData(all);
      }
      case ROW -> {
        Row row = (Row) value;
        GenericRowData data = new GenericRowData(row.getKind(), row.getArity());
        for (int i = 0; i < row.getArity(); i++) {
          data.setField(i, internal(row.getField(i), shape.fields().get(i).shape()));
        }
        yield data;
      }
      default -> value;
    };
  }

  // ---------------------------------------------------------------- rows in JSON

  private static Object fromRow(Row row, Shape shape) {
    Map<String, Object> made = new LinkedHashMap<>();
    for (int i = 0; i < shape.fields().size(); i++) {
      Shape.Field field = shape.fields().get(i);
      made.put(field.name(), toJson(row.getField(i), field.shape()));
    }
    return made;
  }

  private static Object toJson(Object value, Shape shape) {
    if (value == null) {
      return null;
    }
    return switch (shape.kind()) {
      case FLOAT -> Double.toHexString((Double) value);
      case BYTES -> HEX.formatHex((byte[]) value);
      case DATETIME -> {
        Instant time = (Instant) value;
        yield time.getEpochSecond() * 1_000_000 + time.getNano() / 1000;
      }
      case DATE, DECIMAL -> value.toString();
      case ROW -> fromRow((Row) value, shape);
      case LIST -> {
        List<Object> all = new ArrayList<>();
        for (Object one : (Object[]) value) {
          all.add(toJson(one, shape.inner()));
        }
        yield all;
      }
      case DICT -> {
        Map<String, Object> all = new LinkedHashMap<>();
        ((Map<?, ?>) value).forEach((key, one) -> all.put((String) key, toJson(one, shape.inner())));
        yield all;
      }
      default -> value;
    };
  }

  private static Row row(JsonNode request, Shape shape) {
    Row row = (Row) fromJson(request.get("row"), shape);
    String kind = request.path("kind").asText("+I");
    for (RowKind one : RowKind.values()) {
      if (one.shortString().equals(kind)) {
        row.setKind(one);
      }
    }
    return row;
  }

  private static Object fromJson(JsonNode node, Shape shape) {
    if (node == null || node.isNull()) {
      return null;
    }
    return switch (shape.kind()) {
      case INT -> node.longValue();
      case INT32 -> node.intValue();
      case FLOAT -> Double.valueOf(node.asText());
      case BOOL -> node.booleanValue();
      case BYTES -> HEX.parseHex(node.asText());
      case DATETIME ->
          Instant.ofEpochSecond(
              Math.floorDiv(node.longValue(), 1_000_000L),
              Math.floorMod(node.longValue(), 1_000_000L) * 1000);
      case DATE -> LocalDate.parse(node.asText());
      case DECIMAL -> new BigDecimal(node.asText());
      case ENUM -> node.isTextual() ? node.asText() : (Object) node.longValue();
      case ROW -> {
        Row row = new Row(shape.fields().size());
        for (int i = 0; i < shape.fields().size(); i++) {
          Shape.Field field = shape.fields().get(i);
          row.setField(i, fromJson(node.get(field.name()), field.shape()));
        }
        yield row;
      }
      case LIST -> {
        List<Object> all = new ArrayList<>();
        node.forEach(one -> all.add(fromJson(one, shape.inner())));
        yield all.toArray(
            (Object[])
                java.lang.reflect.Array.newInstance(
                    org.flinksec.formats.values.Classes.of(shape.inner()), all.size()));
      }
      case DICT -> {
        Map<String, Object> all = new LinkedHashMap<>();
        node.properties()
            .forEach(entry -> all.put(entry.getKey(), fromJson(entry.getValue(), shape.inner())));
        yield all;
      }
      default -> node.asText();
    };
  }
}
