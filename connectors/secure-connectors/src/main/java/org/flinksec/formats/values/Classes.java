// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.values;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Map;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;

/** The classes that values have in a row. */
public final class Classes {
  private Classes() {}

  /** The class of a shape's values, so that an array of them can be made. */
  public static Class<?> of(Shape shape) {
    return switch (shape.kind()) {
      case STR, UUID -> String.class;
      case INT -> Long.class;
      case INT32 -> Integer.class;
      case FLOAT -> Double.class;
      case BOOL -> Boolean.class;
      case BYTES -> byte[].class;
      case DATETIME -> Instant.class;
      case DATE -> LocalDate.class;
      case DECIMAL -> BigDecimal.class;
      case ENUM -> shape.symbols().get(0).getClass();
      case ROW -> Row.class;
      case LIST -> of(shape.inner()).arrayType();
      case DICT -> Map.class;
    };
  }

  /**
   * The value as the class that it has in a row of its type.
   *
   * @throws IllegalArgumentException if it is another: the row is not of its type
   */
  public static <T> T cast(Class<T> declared, Object value, String path) {
    if (declared.isInstance(value)) {
      return declared.cast(value);
    }
    throw new IllegalArgumentException(
        "field '%s' should be %s but is %s"
            .formatted(
                path,
                declared.getSimpleName(),
                value == null ? "null" : value.getClass().getSimpleName()));
  }
}
