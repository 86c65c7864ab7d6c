// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.flinksec.rows.Scalars;
import org.flinksec.rows.Shape;

/**
 * How values of one shape cross between the JVM and Python, as MessagePack.
 *
 * <p>A row is the array of its fields, and of its kind behind them if it is not an insert; a time
 * is microseconds, and a date days, since 1970; a decimal is text; all else is what it is.
 */
interface Crossing {
  /** To Python; the value is not null. */
  void write(Object value, Packer packer);

  /** From Python; what comes is not null. */
  Object read(Unpacker unpacker);

  /** To Python, also null. */
  default void writeOrNil(Object value, Packer packer) {
    if (value == null) {
      packer.nil();
    } else {
      write(value, packer);
    }
  }

  /** From Python, also null. */
  default Object readOrNull(Unpacker unpacker) {
    return unpacker.nil() ? null : read(unpacker);
  }

  /** That of a shape. */
  static Crossing of(Shape shape) {
    return switch (shape.kind()) {
      case STR, UUID -> new Text();
      case INT -> new Whole();
      case INT32 -> new Whole32();
      case FLOAT -> new Number();
      case BOOL -> new Bool();
      case BYTES -> new Bytes();
      case DATETIME -> new Time();
      case DATE -> new Day();
      case DECIMAL -> new Decimal();
      case ENUM -> shape.symbols().get(0) instanceof Long ? new Whole() : new Text();
      case ROW -> new Rows(shape);
      case LIST -> new Elements(shape.inner());
      case DICT -> new ByName(of(shape.inner()));
    };
  }

  /** Text, also of an enum or a UUID. */
  final class Text implements Crossing {
    @Override
    public void write(Object value, Packer packer) {
      packer.text((String) value);
    }

    @Override
    public Object read(Unpacker unpacker) {
      return unpacker.text();
    }
  }

  /** Whole numbers of 64 bits. */
  final class Whole implements Crossing {
    @Override
    public void write(Object value, Packer packer) {
      packer.whole((Long) value);
    }

    @Override
    public Object read(Unpacker unpacker) {
      return unpacker.whole();
    }
  }

  /** Whole numbers of 32 bits. */
  final class Whole32 implements Crossing {
    @Override
    public void write(Object value, Packer packer) {
      packer.whole((Integer) value);
    }

    @Override
    public Object read(Unpacker unpacker) {
      long value = unpacker.whole();
      if (value != (int) value) {
        throw new IllegalStateException(
            "a Python function returned a whole number outside the 32-bit range for a field of"
                + " Types.INT()");
      }
      return (int) value;
    }
  }

  /** Floats. */
  final class Number implements Crossing {
    @Override
    public void write(Object value, Packer packer) {
      packer.number((Double) value);
    }

    @Override
    public Object read(Unpacker unpacker) {
      return unpacker.number();
    }
  }

  /** Truth. */
  final class Bool implements Crossing {
    @Override
    public void write(Object value, Packer packer) {
      packer.bool((Boolean) value);
    }

    @Override
    public Object read(Unpacker unpacker) {
      return unpacker.bool();
    }
  }

  /** Bytes. */
  final class Bytes implements Crossing {
    @Override
    public void write(Object value, Packer packer) {
      packer.binary((byte[]) value);
    }

    @Override
    public Object read(Unpacker unpacker) {
      return unpacker.binary();
    }
  }

  /** Times, as microseconds. */
  final class Time implements Crossing {
    @Override
    public void write(Object value, Packer packer) {
      packer.whole(Scalars.micros((Instant) value));
    }

    @Override
    public Object read(Unpacker unpacker) {
      return Scalars.ofMicros(unpacker.whole());
    }
  }

  /** Dates, as days. */
  final class Day implements Crossing {
    @Override
    public void write(Object value, Packer packer) {
      packer.whole(((LocalDate) value).toEpochDay());
    }

    @Override
    public Object read(Unpacker unpacker) {
      return LocalDate.ofEpochDay(unpacker.whole());
    }
  }

  /** Decimals, as text. */
  final class Decimal implements Crossing {
    @Override
    public void write(Object value, Packer packer) {
      packer.text(((BigDecimal) value).toString());
    }

    @Override
    public Object read(Unpacker unpacker) {
      return new BigDecimal(unpacker.text());
    }
  }

  /** Rows. */
  final class Rows implements Crossing {
    private final Crossing[] fields;

    Rows(Shape shape) {
      List<Shape.Field> all = shape.fields();
      fields = all.stream().map(field -> of(field.shape())).toArray(Crossing[]::new);
    }

    @Override
    public void write(Object value, Packer packer) {
      Row row = (Row) value;
      RowKind kind = row.getKind();
      int count = fields.length;
      packer.arrayHeader(kind == RowKind.INSERT ? count : count + 1);
      for (int i = 0; i < count; i++) {
        fields[i].writeOrNil(row.getField(i), packer);
      }
      if (kind != RowKind.INSERT) {
        packer.whole(kind.toByteValue());
      }
    }

    @Override
    public Object read(Unpacker unpacker) {
      int count = unpacker.arrayHeader();
      if (count != fields.length && count != fields.length + 1) {
        throw new IllegalStateException(
            "Python's answer has a row of %d fields in place of %d"
                .formatted(count, fields.length));
      }
      Row row = new Row(fields.length);
      for (int i = 0; i < fields.length; i++) {
        row.setField(i, fields[i].readOrNull(unpacker));
      }
      if (count > fields.length) {
        row.setKind(RowKind.fromByteValue((byte) unpacker.small()));
      }
      return row;
    }
  }

  /** Lists, which are arrays in the JVM. */
  final class Elements implements Crossing {
    private final Shape shape;
    private final Crossing inner;

    Elements(Shape shape) {
      this.shape = shape;
      this.inner = of(shape);
    }

    @Override
    public void write(Object value, Packer packer) {
      Object[] elements = (Object[]) value;
      packer.arrayHeader(elements.length);
      for (Object element : elements) {
        inner.writeOrNil(element, packer);
      }
    }

    @Override
    public Object read(Unpacker unpacker) {
      Object[] elements = shape.newArray(unpacker.arrayHeader());
      for (int i = 0; i < elements.length; i++) {
        elements[i] = inner.readOrNull(unpacker);
      }
      return elements;
    }
  }

  /** Dicts with names for keys. */
  final class ByName implements Crossing {
    private final Crossing inner;

    ByName(Crossing inner) {
      this.inner = inner;
    }

    @Override
    public void write(Object value, Packer packer) {
      Map<?, ?> entries = (Map<?, ?>) value;
      packer.mapHeader(entries.size());
      for (Map.Entry<?, ?> entry : entries.entrySet()) {
        packer.text((String) entry.getKey());
        inner.writeOrNil(entry.getValue(), packer);
      }
    }

    @Override
    public Object read(Unpacker unpacker) {
      int count = unpacker.mapHeader();
      Map<String, Object> entries = new LinkedHashMap<>();
      for (int i = 0; i < count; i++) {
        String name = unpacker.text();
        entries.put(name, inner.readOrNull(unpacker));
      }
      return entries;
    }
  }
}
