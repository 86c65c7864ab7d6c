// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/** Shapes of rows for tests, as Python writes them. */
public final class Shapes {
  private Shapes() {}

  /**
   * The text of the shape of a row type.
   *
   * @param required top-level fields that may not be null
   */
  public static String text(TypeInformation<?> rowType, List<String> required) {
    List<String> fields = new ArrayList<>();
    for (Shape.Field field : Shape.of(rowType).fields()) {
      String shape = text(field.shape(), !required.contains(field.name()));
      fields.add("{\"name\":\"%s\",\"shape\":%s}".formatted(field.name(), shape));
    }
    return "{\"kind\":\"row\",\"fields\":[%s]}".formatted(String.join(",", fields));
  }

  private static String text(Shape shape, boolean nullable) {
    String fields =
        shape.fields().stream()
            .map(
                field ->
                    "{\"name\":\"%s\",\"shape\":%s}"
                        .formatted(field.name(), text(field.shape(), true)))
            .collect(Collectors.joining(","));
    String inner = shape.inner() == null ? "" : ",\"inner\":" + text(shape.inner(), true);
    return "{\"kind\":\"%s\",\"nullable\":%s,\"fields\":[%s]%s}"
        .formatted(shape.kind().name().toLowerCase(Locale.ROOT), nullable, fields, inner);
  }

  /**
   * A shape in which besides these paths may not be null: {@code place.name}, {@code tags[]},
   * {@code counts{}}.
   */
  public static Shape requiring(Shape shape, String... paths) {
    return requiring(shape, "", List.of(paths));
  }

  private static Shape requiring(Shape shape, String at, List<String> paths) {
    List<Shape.Field> fields = new ArrayList<>();
    for (Shape.Field field : shape.fields()) {
      String path = at.isEmpty() ? field.name() : at + "." + field.name();
      fields.add(
          new Shape.Field(
              field.name(),
              field.wire(),
              requiring(field.shape(), path, paths),
              field.hasDefault(),
              field.ifMissing()));
    }
    String inner = at + (shape.kind() == Shape.Kind.LIST ? "[]" : "{}");
    return new Shape(
        shape.kind(),
        shape.nullable() && !paths.contains(at),
        shape.name(),
        fields,
        shape.inner() == null ? null : requiring(shape.inner(), inner, paths),
        shape.symbols(),
        shape.precision(),
        shape.scale(),
        shape.key());
  }
}
