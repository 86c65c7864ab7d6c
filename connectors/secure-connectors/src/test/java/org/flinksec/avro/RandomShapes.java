// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/** RandomShapes of records for tests: by hand, and at random. */
final class RandomShapes {
  private static final List<Kind> SCALARS =
      List.of(
          Kind.STR,
          Kind.INT,
          Kind.FLOAT,
          Kind.BOOL,
          Kind.BYTES,
          Kind.DATETIME,
          Kind.DATE,
          Kind.DECIMAL,
          Kind.UUID,
          Kind.ENUM);

  private RandomShapes() {}

  static Shape of(Kind kind) {
    return new Shape(kind, false, null, List.of(), null, List.of(), 0, 0);
  }

  static Shape nullable(Shape s) {
    return new Shape(
        s.kind(), true, s.name(), s.fields(), s.inner(), s.symbols(), s.precision(), s.scale());
  }

  static Shape decimal(int precision, int scale) {
    return new Shape(Kind.DECIMAL, false, null, List.of(), null, List.of(), precision, scale);
  }

  static Shape symbols(String name, Serializable... symbols) {
    return new Shape(Kind.ENUM, false, name, List.of(), null, List.of(symbols), 0, 0);
  }

  static Shape list(Shape inner) {
    return new Shape(Kind.LIST, false, null, List.of(), inner, List.of(), 0, 0);
  }

  static Shape dict(Shape inner) {
    return new Shape(Kind.DICT, false, null, List.of(), inner, List.of(), 0, 0);
  }

  static Shape row(String name, Shape.Field... fields) {
    return new Shape(Kind.ROW, false, name, List.of(fields), null, List.of(), 0, 0);
  }

  static Shape.Field field(String name, Shape shape) {
    return new Shape.Field(name, name, shape, false, null);
  }

  static Shape.Field field(String name, Shape shape, Serializable ifMissing) {
    return new Shape.Field(name, name, shape, true, ifMissing);
  }

  /** A record at random, with names that occur once. */
  static Shape random(Random random) {
    return row(random, new int[1], 3);
  }

  private static Shape row(Random random, int[] names, int depth) {
    List<Shape.Field> fields = new ArrayList<>();
    int count = 1 + random.nextInt(5);
    for (int i = 0; i < count; i++) {
      Shape shape = any(random, names, depth);
      boolean missing = shape.nullable() && random.nextInt(3) == 0;
      fields.add(new Shape.Field("f" + i, "wire_" + i, shape, missing, null));
    }
    return new Shape(Kind.ROW, false, "R" + names[0]++, fields, null, List.of(), 0, 0);
  }

  private static Shape any(Random random, int[] names, int depth) {
    Shape shape =
        switch (depth == 0 ? 3 : random.nextInt(6)) {
          case 0 -> row(random, names, depth - 1);
          case 1 -> list(any(random, names, depth - 1));
          case 2 -> dict(any(random, names, depth - 1));
          default -> scalar(random, names);
        };
    return random.nextInt(3) == 0 ? nullable(shape) : shape;
  }

  private static Shape scalar(Random random, int[] names) {
    Kind kind = SCALARS.get(random.nextInt(SCALARS.size()));
    return switch (kind) {
      case DECIMAL -> decimal(12, 3);
      case ENUM ->
          random.nextBoolean()
              ? symbols("E" + names[0]++, "on_time", "late", "CANCELLED")
              : symbols("E" + names[0]++, 1L, -5L, 1L << 40);
      default -> of(kind);
    };
  }
}
