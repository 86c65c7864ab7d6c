// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;

/**
 * Finds texts that are no Unicode: half of a surrogate pair has no UTF-8, so that neither Python
 * nor a sink could take it.
 */
public final class HalfSurrogates {
  private HalfSurrogates() {}

  /**
   * @throws JsonDecodingException if a text within the row holds half of a surrogate pair; it names
   *     the row's field
   */
  static void refuse(Shape shape, Row row) throws JsonDecodingException {
    for (int i = 0; i < row.getArity(); i++) {
      if (in(row.getField(i))) {
        throw new JsonDecodingException(
            "field '%s' holds half of a surrogate pair, which is not text"
                .formatted(shape.fields().get(i).wire()));
      }
    }
  }

  private static boolean in(Object value) {
    if (value instanceof String text) {
      return in(text);
    }
    if (value instanceof Row row) {
      for (int i = 0; i < row.getArity(); i++) {
        if (in(row.getField(i))) {
          return true;
        }
      }
      return false;
    }
    if (value instanceof Map<?, ?> map) {
      return in(map.keySet()) || in(map.values());
    }
    Collection<?> values =
        value instanceof Object[] array
            ? Arrays.asList(array)
            : value instanceof Collection<?> collection ? collection : Arrays.asList();
    return values.stream().anyMatch(HalfSurrogates::in);
  }

  /** Whether a text holds half of a surrogate pair. */
  public static boolean in(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!Character.isSurrogate(text.charAt(i))) {
        continue;
      }
      if (i + 1 == text.length()
          || !Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
        return true;
      }
      i++;
    }
    return false;
  }
}
