// SPDX-License-Identifier: Apache-2.0

import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.flinksec.formats.values.Classes;
import org.flinksec.rows.Shape;

/** Rows in JSON, as tests in Python write and read them. */
final class RowsInJson {
  private static final HexFormat HEX = HexFormat.of();

  private RowsInJson() {}

  static Object fromRow(Row row, Shape shape) {
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

  static Row row(JsonNode request, Shape shape) {
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
            (Object[]) Array.newInstance(Classes.of(shape.inner()), all.size()));
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
