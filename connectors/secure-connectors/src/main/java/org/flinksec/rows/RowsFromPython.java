// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.streaming.api.utils.PythonTypeUtils.DataConverter;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;

/**
 * Rows in arrays and maps, on their way to Python and back in thread mode.
 *
 * <p>To Python each value goes as its class says. Back from Python the rows come with a signature,
 * the types of their fields as {@code flinksec_jobs.records.natural} writes them: a row is its
 * fields' in round brackets; {@code [} and {@code {} stand before what an array or a map holds;
 * {@code *} and {@code #} for rows in an array or map, which have a signature of their own; a
 * letter for all else.
 */
final class RowsFromPython {
  private static final ConcurrentHashMap<String, Part> KNOWN = new ConcurrentHashMap<>();
  private static final ValuesForPython.Texts TEXTS = new ValuesForPython.Texts();
  private static final ValuesForPython.Times TIMES = new ValuesForPython.Times();
  private static final ValuesForPython.Dates DATES = new ValuesForPython.Dates();
  private static final ValuesForPython.Decimals DECIMALS = new ValuesForPython.Decimals();

  private RowsFromPython() {}

  /** Rows in an array; from Python they follow their signature. */
  static final class InArray extends DataConverter<Row[], Object[]> {
    private static final long serialVersionUID = 1L;

    @Override
    public Row[] toInternal(Object[] signed) {
      if (signed == null) {
        return null;
      }
      Part part = part((String) signed[0]);
      Row[] rows = new Row[signed.length - 1];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = (Row) part.of(signed[i + 1]);
      }
      return rows;
    }

    @Override
    public Object[] toExternal(Row[] rows) {
      return (Object[]) external(rows);
    }
  }

  /** Rows in a map; from Python names and rows take turns behind their signature. */
  static final class ByName extends DataConverter<Map<String, Row>, Object> {
    private static final long serialVersionUID = 1L;

    @Override
    public Map<String, Row> toInternal(Object value) {
      if (value == null) {
        return null;
      }
      Object[] signed = (Object[]) value;
      Part part = part((String) signed[0]);
      Map<String, Row> rows = new LinkedHashMap<>();
      for (int i = 1; i < signed.length; i += 2) {
        rows.put((String) signed[i], (Row) part.of(signed[i + 1]));
      }
      return rows;
    }

    @Override
    public Object toExternal(Map<String, Row> rows) {
      return external(rows);
    }
  }

  /** Goes once through all that there is here. */
  static void loadAll() {
    Row row = Row.of(" ", 1L, Instant.EPOCH, LocalDate.EPOCH, BigDecimal.ONE, 1, 1f, new Row[0]);
    external(new Row[] {row});
    external(Map.of(" ", row));
    new InArray().toInternal(new Object[] {"(slifbytdn*#[s{l?)"});
    new ByName().toInternal(new Object[] {"()"});
    TIMES.toInternal(0L);
    DATES.toInternal(0L);
    DECIMALS.toInternal("0");
  }

  private static Object external(Object value) {
    if (value instanceof String text) {
      return TEXTS.toExternal(text);
    }
    if (value instanceof Row row) {
      Object[] fields = new Object[row.getArity()];
      for (int i = 0; i < fields.length; i++) {
        fields[i] = external(row.getField(i));
      }
      return new Object[] {(long) row.getKind().toByteValue(), fields};
    }
    if (value instanceof Object[] array) {
      Object[] values = new Object[array.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = external(array[i]);
      }
      return values;
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> values = new HashMap<>();
      map.forEach((name, each) -> values.put(external(name), external(each)));
      return values;
    }
    return scalar(value);
  }

  private static Object scalar(Object value) {
    if (value instanceof Instant time) {
      return TIMES.toExternal(time);
    }
    if (value instanceof LocalDate date) {
      return DATES.toExternal(date);
    }
    if (value instanceof BigDecimal number) {
      return DECIMALS.toExternal(number);
    }
    if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
      return ((Number) value).longValue();
    }
    return value instanceof Float number ? (Object) number.doubleValue() : value;
  }

  /** Makes of what Python hands over a value of a row; null stays null. */
  private interface Part {
    Object of(Object value);
  }

  /** A part of a signature, with the class of its values. */
  private record Typed(Class<?> type, Part part) {}

  private static Part part(String signature) {
    return KNOWN.computeIfAbsent(signature, text -> new Reader(text).next().part());
  }

  /** Reads a signature from left to right. */
  private static final class Reader {
    private final String text;
    private int at;

    Reader(String text) {
      this.text = text;
    }

    Typed next() {
      char letter = text.charAt(at++);
      return switch (letter) {
        case '(' -> row();
        case '[' -> array(next());
        case '{' -> map(next());
        case '*' -> new Typed(Row[].class, value -> new InArray().toInternal((Object[]) value));
        case '#' -> new Typed(AbstractMap.class, value -> new ByName().toInternal(value));
        case 't' -> new Typed(Instant.class, value -> TIMES.toInternal((Long) value));
        case 'd' -> new Typed(LocalDate.class, value -> DATES.toInternal((Long) value));
        case 'n' -> new Typed(BigDecimal.class, DECIMALS::toInternal);
        case 'i' ->
            new Typed(Integer.class, value -> value == null ? null : ((Long) value).intValue());
        case 's' -> same(String.class);
        case 'l' -> same(Long.class);
        case 'f' -> same(Double.class);
        case 'b' -> same(Boolean.class);
        case 'y' -> same(byte[].class);
        default -> same(Object.class);
      };
    }

    private Typed row() {
      List<Part> parts = new ArrayList<>();
      while (text.charAt(at) != ')') {
        parts.add(next().part());
      }
      at++;
      Part[] fields = parts.toArray(Part[]::new);
      return new Typed(Row.class, value -> value == null ? null : row((Object[]) value, fields));
    }

    private static Row row(Object[] kindAndValues, Part[] fields) {
      Object[] values = (Object[]) kindAndValues[1];
      Row row =
          new Row(RowKind.fromByteValue(((Long) kindAndValues[0]).byteValue()), fields.length);
      for (int i = 0; i < fields.length; i++) {
        row.setField(i, fields[i].of(values[i]));
      }
      return row;
    }

    private static Typed array(Typed inner) {
      Class<?> type = Array.newInstance(inner.type(), 0).getClass();
      return new Typed(
          type,
          value -> value == null ? null : array((Object[]) value, inner.type(), inner.part()));
    }

    private static Object[] array(Object[] values, Class<?> type, Part part) {
      Object[] made = (Object[]) Array.newInstance(type, values.length);
      for (int i = 0; i < made.length; i++) {
        made[i] = part.of(values[i]);
      }
      return made;
    }

    private static Typed map(Typed inner) {
      return new Typed(
          Map.class, value -> value == null ? null : map((Map<?, ?>) value, inner.part()));
    }

    private static Map<String, Object> map(Map<?, ?> values, Part part) {
      Map<String, Object> made = new LinkedHashMap<>();
      values.forEach((name, value) -> made.put((String) name, part.of(value)));
      return made;
    }

    private static Typed same(Class<?> type) {
      return new Typed(type, value -> value);
    }
  }
}
