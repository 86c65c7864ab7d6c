// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.debezium;

import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Base64;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.types.Row;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Classes;
import org.flinksec.formats.values.Numbers;
import org.flinksec.formats.values.ScalarText;
import org.flinksec.formats.values.Times;
import org.flinksec.formats.values.Utf8;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/** Makes values of rows of what Kafka Connect's JSON converter writes. */
final class ConnectReader {
  private static final String VARIABLE_SCALE = "io.debezium.data.VariableScaleDecimal";
  private static final String DECIMAL = "org.apache.kafka.connect.data.Decimal";
  private static final Map<String, Integer> PER_SECOND =
      Map.of(
          "io.debezium.time.Timestamp", 1_000,
          "org.apache.kafka.connect.data.Timestamp", 1_000,
          "io.debezium.time.MicroTimestamp", 1_000_000,
          "io.debezium.time.NanoTimestamp", 1_000_000_000);
  private static final double MAX_EXACT = 9_007_199_254_740_992.0;

  private final Conventions conventions;
  // What is made once for each part of a record: a shape is one object for all records.
  private final Map<Shape, ScalarText> texts = new IdentityHashMap<>();
  private final Map<Shape, int[]> positions = new IdentityHashMap<>();

  ConnectReader(Conventions conventions) {
    this.conventions = conventions;
  }

  /**
   * @throws IllegalArgumentException if a value could not be read without a schema
   */
  void require(Shape shape, String path) {
    if (shape.kind() == Kind.DECIMAL && conventions.decimalsAreBytes() && shape.precision() == 0) {
      throw new FormatException(
          "field '%s' is a Decimal of any scale, which no reader of its bytes can know"
              .formatted(path));
    }
    shape.fields().forEach(field -> require(field.shape(), path + "." + field.name()));
    if (shape.inner() != null) {
      require(shape.inner(), path);
    }
  }

  /** A row of those fields that are at these positions; the others are null. */
  Row row(JsonNode node, Shape shape, int[] positions, ConnectSchema schema)
      throws BadValueException {
    if (!node.isObject()) {
      throw mismatch("an object", node);
    }
    Row row = new Row(shape.fields().size());
    for (int position : positions) {
      Shape.Field field = shape.fields().get(position);
      try {
        row.setField(position, field(node.get(field.wire()), field, schema));
      } catch (BadValueException e) {
        throw e.in(field.name());
      }
    }
    return row;
  }

  private Object field(JsonNode node, Shape.Field field, ConnectSchema struct)
      throws BadValueException {
    if (node == null && field.hasDefault()) {
      return field.ifMissing();
    }
    if (node == null && !field.shape().nullable()) {
      throw new BadValueException("is required but missing");
    }
    return value(node, field.shape(), ConnectSchema.field(struct, field.wire()));
  }

  /**
   * @param node null for nothing
   */
  Object value(JsonNode node, Shape shape, ConnectSchema schema) throws BadValueException {
    if (node == null || node.isNull()) {
      if (!shape.nullable()) {
        throw new BadValueException("is required but null");
      }
      return null;
    }
    return switch (shape.kind()) {
      case INT -> whole(node);
      case INT32 -> Numbers.to32(whole(node));
      case FLOAT -> floating(node);
      case BOOL -> bool(node);
      case DECIMAL -> Numbers.read(decimal(node, shape, schema), shape);
      case DATETIME -> time(node, schema);
      case DATE -> date(node);
      case ENUM ->
          form(shape)
              .read(node.isIntegralNumber() && isNumbered(shape) ? node.asText() : text(node));
      case ROW -> row(node, shape, positions.computeIfAbsent(shape, ConnectReader::all), schema);
      case LIST -> list(node, shape.inner(), schema == null ? null : schema.inner());
      case DICT -> dict(node, shape.inner(), schema == null ? null : schema.inner());
      default -> form(shape).read(text(node));
    };
  }

  private ScalarText form(Shape shape) {
    return texts.computeIfAbsent(shape, ScalarText::of);
  }

  private static boolean isNumbered(Shape shape) {
    return shape.symbols().get(0) instanceof Long;
  }

  static int[] all(Shape shape) {
    return IntStream.range(0, shape.fields().size()).toArray();
  }

  private static String text(JsonNode node) throws BadValueException {
    if (!node.isTextual()) {
      throw mismatch("a string", node);
    }
    return Utf8.checked(node.textValue());
  }

  private static long whole(JsonNode node) throws BadValueException {
    if (!node.isIntegralNumber()) {
      throw mismatch("a whole number", node);
    }
    if (!node.canConvertToLong()) {
      throw new BadValueException("is a whole number outside the 64-bit range");
    }
    return node.longValue();
  }

  private static double floating(JsonNode node) throws BadValueException {
    if (node.isTextual() && node.textValue().matches("NaN|-?Infinity")) {
      return Double.parseDouble(node.textValue());
    }
    if (!node.isNumber()) {
      throw mismatch("a number", node);
    }
    double value = node.doubleValue();
    if (Double.isInfinite(value)) {
      throw new BadValueException("is a number too large for a double");
    }
    if (node.isIntegralNumber() && Math.abs(value) > MAX_EXACT) {
      throw new BadValueException("is a whole number that a double cannot hold");
    }
    return value;
  }

  private static boolean bool(JsonNode node) throws BadValueException {
    if (!node.isBoolean()) {
      throw mismatch("a boolean", node);
    }
    return node.booleanValue();
  }

  private BigDecimal decimal(JsonNode node, Shape shape, ConnectSchema schema)
      throws BadValueException {
    String name = ConnectSchema.nameOf(schema);
    if (node.isObject() && (name.isEmpty() || name.equals(VARIABLE_SCALE))) {
      return unscaled(text(node.path("value")), Numbers.to32(whole(node.path("scale"))));
    }
    if (node.isNumber()) {
      return Numbers.bounded(node.decimalValue());
    }
    if (name.equals(DECIMAL)) {
      return unscaled(text(node), schema.scale());
    }
    return schema == null && conventions.decimalsAreBytes()
        ? unscaled(text(node), shape.scale())
        : Numbers.decimal(text(node));
  }

  private static BigDecimal unscaled(String base64, int scale) throws BadValueException {
    byte[] digits;
    try {
      digits = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new BadValueException("is not Base64, as the digits of a decimal are");
    }
    // 416 bytes hold 1,000 digits.
    if (digits.length == 0 || digits.length > 416) {
      throw new BadValueException("has no digits, or more than 1,000");
    }
    return Numbers.bounded(new BigDecimal(new BigInteger(digits), scale));
  }

  private Instant time(JsonNode node, ConnectSchema schema) throws BadValueException {
    if (node.isTextual()) {
      return Times.instant(node.textValue());
    }
    if (!node.isIntegralNumber()) {
      throw mismatch("a time, in ISO-8601 or as a whole number", node);
    }
    Integer perSecond = PER_SECOND.get(ConnectSchema.nameOf(schema));
    return Times.ofUnits(whole(node), perSecond == null ? conventions.perSecond() : perSecond);
  }

  private static LocalDate date(JsonNode node) throws BadValueException {
    if (node.isTextual()) {
      return Times.date(node.textValue());
    }
    if (!node.isIntegralNumber()) {
      throw mismatch("a date, in ISO-8601 or as days since 1970", node);
    }
    return Times.date(whole(node));
  }

  private Object list(JsonNode node, Shape inner, ConnectSchema schema) throws BadValueException {
    if (!node.isArray()) {
      throw mismatch("an array", node);
    }
    Object[] values = (Object[]) Array.newInstance(Classes.of(inner), node.size());
    for (int i = 0; i < values.length; i++) {
      try {
        values[i] = value(node.get(i), inner, schema);
      } catch (BadValueException e) {
        throw e.in(String.valueOf(i));
      }
    }
    return values;
  }

  private Object dict(JsonNode node, Shape inner, ConnectSchema schema) throws BadValueException {
    if (!node.isObject()) {
      throw mismatch("an object", node);
    }
    Map<String, Object> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      try {
        values.put(Utf8.checked(entry.getKey()), value(entry.getValue(), inner, schema));
      } catch (BadValueException e) {
        throw e.in("*"); // a key is data, which no message may show
      }
    }
    return values;
  }

  private static BadValueException mismatch(String expected, JsonNode found) {
    String what =
        switch (found.getNodeType()) {
          case ARRAY -> "an array";
          case BOOLEAN -> "a boolean";
          case NUMBER -> found.isIntegralNumber() ? "a whole number" : "a number with a fraction";
          case STRING -> "a string";
          case OBJECT -> "an object";
          case MISSING -> "missing";
          default -> "null";
        };
    return new BadValueException("should be %s but is %s".formatted(expected, what));
  }
}
