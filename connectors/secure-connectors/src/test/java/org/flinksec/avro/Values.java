// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.apache.avro.generic.GenericRecord;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;

/** Values of shapes for tests: at random, and as Avro's own generic classes have them. */
final class Values {
  private static final long FIRST = Instant.parse("0001-01-01T00:00:00Z").getEpochSecond();
  private static final long LAST = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

  private Values() {}

  static Row row(Shape shape, Random random) {
    Row row = new Row(shape.fields().size());
    for (int i = 0; i < row.getArity(); i++) {
      row.setField(i, value(shape.fields().get(i).shape(), random));
    }
    return row;
  }

  static Object value(Shape shape, Random random) {
    if (shape.nullable() && random.nextInt(3) == 0) {
      return null;
    }
    return switch (shape.kind()) {
      case STR -> text(random);
      case INT -> whole(random);
      case INT32 -> random.nextInt();
      case FLOAT -> Double.longBitsToDouble(random.nextLong());
      case BOOL -> random.nextBoolean();
      case BYTES -> bytes(random);
      case DATETIME ->
          Instant.ofEpochSecond(
              FIRST + (long) (random.nextDouble() * (LAST - FIRST)),
              random.nextInt(1_000_000) * 1000L);
      case DATE ->
          LocalDate.of(1 + random.nextInt(9999), 1 + random.nextInt(12), 1 + random.nextInt(28));
      case DECIMAL ->
          new BigDecimal(
              new BigInteger(38, random).subtract(BigInteger.ONE.shiftLeft(37)), shape.scale());
      case UUID -> new UUID(random.nextLong(), random.nextLong()).toString();
      case ENUM -> shape.symbols().get(random.nextInt(shape.symbols().size()));
      case ROW -> row(shape, random);
      case LIST -> list(shape, random);
      case DICT -> dict(shape, random);
    };
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(8); i > 0; i--) {
      int point = random.nextInt(random.nextBoolean() ? 0x80 : 0x11_0000);
      text.appendCodePoint(point >= 0xD800 && point < 0xE000 ? 0xFFFD : point);
    }
    return text.toString();
  }

  private static long whole(Random random) {
    return random.nextLong() >> random.nextInt(64);
  }

  private static byte[] bytes(Random random) {
    byte[] bytes = new byte[random.nextInt(20)];
    random.nextBytes(bytes);
    return bytes;
  }

  private static Object list(Shape shape, Random random) {
    List<Object> values = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      values.add(value(shape.inner(), random));
    }
    return array(shape, values);
  }

  private static Object array(Shape shape, List<Object> values) {
    return values.toArray(shape.inner().newArray(values.size()));
  }

  private static Object dict(Shape shape, Random random) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      values.put(text(random), value(shape.inner(), random));
    }
    return values;
  }

  /** What a row holds for a value of Avro's generic classes, in which logical types are raw. */
  static Object fromGeneric(Shape shape, Object value) {
    if (value == null) {
      return null;
    }
    return switch (shape.kind()) {
      case STR, UUID -> value.toString();
      case INT -> ((Number) value).longValue();
      case INT32 -> ((Number) value).intValue();
      case FLOAT -> ((Number) value).doubleValue();
      case BOOL -> value;
      case BYTES -> array((ByteBuffer) value);
      case DATETIME -> Instant.EPOCH.plus((Long) value, ChronoUnit.MICROS);
      case DATE -> LocalDate.ofEpochDay((Integer) value);
      case DECIMAL -> new BigDecimal(new BigInteger(array((ByteBuffer) value)), shape.scale());
      case ENUM -> value instanceof Number number ? (Object) number.longValue() : value.toString();
      case ROW -> fromGeneric(shape, (GenericRecord) value);
      case LIST ->
          array(
              shape,
              new ArrayList<>(
                  ((List<?>) value)
                      .stream().map(each -> fromGeneric(shape.inner(), each)).toList()));
      case DICT -> {
        Map<String, Object> values = new LinkedHashMap<>();
        ((Map<?, ?>) value)
            .forEach((key, each) -> values.put(key.toString(), fromGeneric(shape.inner(), each)));
        yield values;
      }
    };
  }

  private static Row fromGeneric(Shape shape, GenericRecord record) {
    Row row = new Row(shape.fields().size());
    for (int i = 0; i < row.getArity(); i++) {
      Shape.Field field = shape.fields().get(i);
      row.setField(i, fromGeneric(field.shape(), record.get(field.wire())));
    }
    return row;
  }

  private static byte[] array(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
