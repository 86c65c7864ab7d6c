// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.types.Row;
import org.apache.flink.util.InstantiationUtil;
import org.flinksec.avro.AvroReading;
import org.flinksec.avro.AvroWriting;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.elasticsearch.IndexNamesInJson;
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
 * on each line, an answer in JSON on each line. It judges names of indices, too.
 */
public final class FormatsPeer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HexFormat HEX = HexFormat.of();
  private static final Map<String, Codec> CODECS = new HashMap<>();

  interface Codec {
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
    if (request.has("names")) {
      answer.put("judged", IndexNamesInJson.judged(request.get("names")));
      return answer;
    }
    if (request.has("patterns")) {
      answer.put("read", IndexNamesInJson.read(request.get("patterns")));
      return answer;
    }
    try {
      String codec = request.get("codec").asText();
      if (request.has("format")) {
        CODECS.put(codec, codec(request));
      } else if (request.has("row")) {
        Codec writer = CODECS.get(codec);
        byte[] bytes = writer.write(RowsInJson.row(request, writer.shape()));
        answer.put("hex", bytes == null ? null : HEX.formatHex(bytes));
      } else {
        Codec reader = CODECS.get(codec);
        JsonNode hex = request.get("hex");
        List<Object> rows = new ArrayList<>();
        for (Row row : reader.read(hex.isNull() ? null : HEX.parseHex(hex.asText()))) {
          rows.add(List.of(row.getKind().shortString(), RowsInJson.fromRow(row, reader.shape())));
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

  private static Codec codec(JsonNode request) throws Exception {
    Shape shape = Shape.parse(request.get("shape").toString());
    JsonNode options = request.path("options");
    String format = request.get("format").asText();
    if (format.startsWith("flink-")) {
      return FlinksFormats.codec(format, shape, options);
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
      case "avro" -> AvroReading.bare(text(options, "schema"));
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
      case "avro" -> AvroWriting.bare(options.path("schema").asText(""), "");
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
}
