// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.lang.reflect.Field;

/**
 * Reads and changes private fields of Flink's Kafka connector.
 *
 * <p>Its tables build their sources and sinks whole, and offer no place for what happens to a
 * record that cannot be decoded. The release of the connector is fixed, and a test runs every
 * field.
 */
final class Fields {
  private Fields() {}

  /**
   * @throws IllegalStateException if the object has no such field: another release of Flink
   */
  static <T> T get(Object object, String name, Class<T> type) {
    try {
      return type.cast(field(object, name).get(object));
    } catch (ReflectiveOperationException e) {
      throw unknown(object, name, e);
    }
  }

  /**
   * @throws IllegalStateException if the object has no such field: another release of Flink
   */
  static void set(Object object, String name, Object value) {
    try {
      field(object, name).set(object, value);
    } catch (ReflectiveOperationException e) {
      throw unknown(object, name, e);
    }
  }

  static boolean has(Object object, String name) {
    try {
      field(object, name);
      return true;
    } catch (NoSuchFieldException e) {
      return false;
    }
  }

  private static Field field(Object object, String name) throws NoSuchFieldException {
    for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (field.getName().equals(name)) {
          field.setAccessible(true);
          return field;
        }
      }
    }
    throw new NoSuchFieldException(name);
  }

  private static IllegalStateException unknown(Object object, String name, Exception cause) {
    return new IllegalStateException(
        "%s of this release of Flink has no field %s"
            .formatted(object.getClass().getSimpleName(), name),
        cause);
  }
}
