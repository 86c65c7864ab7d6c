// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import java.lang.reflect.Field;
import java.util.Map;
import org.apache.flink.streaming.api.utils.PythonTypeUtils.DataConverter;
import org.flinksec.json.HalfSurrogates;

/**
 * Makes PyFlink's thread mode hand each text to Python as it is.
 *
 * <p>Its decoder takes a text that begins with U+FEFF or U+FFFE for one with a byte order mark: the
 * first loses its character, the second has all its bytes swapped. One more mark before it is what
 * the decoder then takes away. Run once in a JVM, before the operators make their converters.
 */
public final class TextsForPython implements Runnable {
  private static final String CONVERTERS =
      "org.apache.flink.streaming.api.utils.PythonTypeUtils$TypeInfoToDataConverter";
  private static final char MARK = '\uFEFF';
  private static final char SWAPPED_MARK = '\uFFFE';

  /** Adds the converter to PyFlink's table of those for single classes. */
  @Override
  @SuppressWarnings("unchecked")
  public void run() {
    try {
      Field table =
          Class.forName(CONVERTERS, true, getClass().getClassLoader())
              .getDeclaredField("typeInfoToDataConverterMap");
      table.setAccessible(true);
      Texts texts = new Texts();
      texts.toExternal(" "); // loads what it needs while this job's class loader is open
      synchronized (table.get(null)) {
        ((Map<Class<?>, Object>) table.get(null)).putIfAbsent(String.class, texts);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "this PyFlink is not the release that flinksec_jobs is made for", e);
    }
  }

  static final class Texts extends DataConverter<String, String> {
    private static final long serialVersionUID = 1L;

    @Override
    public String toInternal(String text) {
      return text;
    }

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
}
