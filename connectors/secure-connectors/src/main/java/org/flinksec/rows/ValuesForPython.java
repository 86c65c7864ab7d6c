// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import java.lang.reflect.Field;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.AbstractMap;
import java.util.Map;
import org.apache.flink.streaming.api.utils.PythonTypeUtils.DataConverter;
import org.apache.flink.types.Row;
import org.flinksec.json.HalfSurrogates;

/**
 * Makes PyFlink's thread mode hand each value to Python and back as it is.
 *
 * <p>By itself it loses byte order marks in front of texts, hands over times and dates as Java
 * objects, and turns all rows of an array or map into one and the same. What is put into its table
 * of converters here is found by the class of a value's type.
 */
public final class ValuesForPython implements Runnable {
  private static final String CONVERTERS =
      "org.apache.flink.streaming.api.utils.PythonTypeUtils$TypeInfoToDataConverter";
  private static final char MARK = '\uFEFF';
  private static final char SWAPPED_MARK = '\uFFFE';

  /** Adds the converters. PyFlink's jar must be there. */
  @Override
  public void run() {
    try {
      add();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "this PyFlink is not the release that flinksec_jobs is made for", e);
    }
  }

  /** Adds the converters where PyFlink's jar is there. */
  static void install() {
    try {
      Class.forName(CONVERTERS, false, ValuesForPython.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      return; // a job without Python
    }
    new ValuesForPython().run();
  }

  @SuppressWarnings("unchecked")
  private static void add() throws ReflectiveOperationException {
    Field table =
        Class.forName(CONVERTERS, true, ValuesForPython.class.getClassLoader())
            .getDeclaredField("typeInfoToDataConverterMap");
    table.setAccessible(true);
    Map<Class<?>, DataConverter<?, ?>> ours =
        Map.of(
            String.class, new Texts(),
            Instant.class, new Times(),
            LocalDate.class, new Dates(),
            BigDecimal.class, new Decimals(),
            Row[].class, new RowsFromPython.InArray(),
            AbstractMap.class, new RowsFromPython.ByName());
    RowsFromPython.loadAll(); // what it needs, while this job's class loader is open
    Map<Class<?>, Object> theirs = (Map<Class<?>, Object>) table.get(null);
    synchronized (theirs) {
      ours.forEach(theirs::putIfAbsent);
    }
  }

  static final class Texts extends DataConverter<String, String> {
    private static final long serialVersionUID = 1L;

    @Override
    public String toInternal(String text) {
      return text;
    }

    /**
     * Its decoder takes a text that begins with U+FEFF or U+FFFE for one with a byte order mark:
     * the first loses its character, the second has all its bytes swapped. One more mark before it
     * is what the decoder then takes away.
     */
    @Override
    public String toExternal(String text) {
      if (text == null || text.isEmpty()) {
        return text;
      }
      if (HalfSurrogates.in(text)) {
        throw new IllegalArgumentException(
            "a text for Python holds half of a surrogate pair, which is not text");
      }
      char first = text.charAt(0);
      return first == MARK || first == SWAPPED_MARK ? MARK + text : text;
    }
  }

  /** Times as microseconds since 1970. */
  static final class Times extends DataConverter<Instant, Long> {
    private static final long serialVersionUID = 1L;

    @Override
    public Instant toInternal(Long micros) {
      return micros == null ? null : Scalars.ofMicros(micros);
    }

    @Override
    public Long toExternal(Instant time) {
      return time == null ? null : (Long) Scalars.micros(time);
    }
  }

  /** Dates as days since 1970. */
  static final class Dates extends DataConverter<LocalDate, Long> {
    private static final long serialVersionUID = 1L;

    @Override
    public LocalDate toInternal(Long days) {
      return days == null ? null : LocalDate.ofEpochDay(days);
    }

    @Override
    public Long toExternal(LocalDate date) {
      return date == null ? null : (Long) date.toEpochDay();
    }
  }

  /** Decimals as text; what Python hands over as a number is taken too. */
  static final class Decimals extends DataConverter<BigDecimal, Object> {
    private static final long serialVersionUID = 1L;

    @Override
    public BigDecimal toInternal(Object value) {
      return value == null || value instanceof BigDecimal
          ? (BigDecimal) value
          : new BigDecimal((String) value);
    }

    @Override
    public Object toExternal(BigDecimal value) {
      return value == null ? null : value.toString();
    }
  }
}
