// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Type;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;

/**
 * Chooses how each value of a record is read, by what the writer's schema and the record's shape
 * say of it. What the two do not agree on is found here, before any record.
 */
final class ValueReaders {
  private static final String NULL = "is null, which its type does not allow";

  private ValueReaders() {}

  /**
   * @param shape what the record holds
   * @param writer the schema that it was written with
   * @throws SchemaMismatchException if nothing written with it can be read
   */
  static ValueReader of(Shape shape, Schema writer) {
    if (writer.getType() == Type.UNION) {
      return union(shape, writer.getTypes());
    }
    if (writer.getType() == Type.NULL) {
      if (!shape.nullable()) {
        throw new SchemaMismatchException("is always null in the schema");
      }
      return in -> null;
    }
    return notNull(shape, writer);
  }

  /** A branch that the record cannot hold is an error only of the records that come with it. */
  private static ValueReader union(Shape shape, List<Schema> branches) {
    ValueReader[] readers = new ValueReader[branches.size()];
    SchemaMismatchException first = null;
    boolean any = false;
    for (int i = 0; i < readers.length; i++) {
      Schema branch = branches.get(i);
      if (branch.getType() == Type.NULL) {
        readers[i] = shape.nullable() ? in -> null : refusing(NULL);
        any |= shape.nullable();
        continue;
      }
      try {
        readers[i] = notNull(shape, branch);
        any = true;
      } catch (SchemaMismatchException e) {
        first = first == null ? e : first;
        readers[i] = refusing("comes as %s, which its type does not allow".formatted(name(branch)));
      }
    }
    if (!any) {
      throw first == null ? new SchemaMismatchException("is always null in the schema") : first;
    }
    return in -> {
      int index = in.readIndex();
      if (index < 0 || index >= readers.length) {
        throw new ValueException("is of a branch that its union does not have");
      }
      return readers[index].read(in);
    };
  }

  private static ValueReader refusing(String why) {
    return in -> {
      throw new ValueException(why);
    };
  }

  private static ValueReader notNull(Shape shape, Schema writer) {
    return switch (shape.kind()) {
      case ROW -> row(shape, require(shape, writer, Type.RECORD), Set.of());
      case LIST -> list(shape, require(shape, writer, Type.ARRAY));
      case DICT -> dict(shape, require(shape, writer, Type.MAP));
      case ENUM -> symbols(shape, writer);
      default -> ScalarReaders.of(shape, writer);
    };
  }

  private static Schema require(Shape shape, Schema writer, Type type) {
    if (writer.getType() != type) {
      throw ScalarReaders.mismatch(shape, writer);
    }
    return writer;
  }

  /**
   * Reads rows.
   *
   * @param excluded names of fields that something else fills
   */
  static ValueReader row(Shape shape, Schema writer, Set<String> excluded) {
    List<Shape.Field> fields = shape.fields();
    Serializable[] missing = new Serializable[fields.size()];
    boolean[] found = new boolean[fields.size()];
    List<Schema.Field> written = writer.getFields();
    Step[] steps = new Step[written.size()];
    for (int i = 0; i < steps.length; i++) {
      steps[i] = step(shape, written.get(i), excluded);
      if (steps[i].position() >= 0) {
        found[steps[i].position()] = true;
      }
    }
    for (int i = 0; i < missing.length; i++) {
      if (!found[i] && !excluded.contains(fields.get(i).name())) {
        missing[i] = ifMissing(fields.get(i));
      }
    }
    return in -> {
      Row row = new Row(missing.length);
      for (int i = 0; i < missing.length; i++) {
        if (missing[i] != null) {
          row.setField(i, missing[i]);
        }
      }
      for (Step step : steps) {
        step.read(in, row);
      }
      return row;
    };
  }

  private static Serializable ifMissing(Shape.Field field) {
    if (!field.hasDefault() && !field.shape().nullable()) {
      throw new SchemaMismatchException(
              "is not in the schema as '%s', and has no default".formatted(field.wire()))
          .in(field.name());
    }
    return field.hasDefault() ? field.ifMissing() : null;
  }

  private static Step step(Shape shape, Schema.Field written, Set<String> excluded) {
    for (int i = 0; i < shape.fields().size(); i++) {
      Shape.Field field = shape.fields().get(i);
      if (field.wire().equals(written.name()) && !excluded.contains(field.name())) {
        try {
          return new Step(i, field.name(), of(field.shape(), written.schema()));
        } catch (SchemaMismatchException e) {
          throw e.in(field.name());
        }
      }
    }
    return new Step(-1, written.name(), passingOver(written.schema()));
  }

  private static ValueReader passingOver(Schema schema) {
    return in -> {
      GenericDatumReader.skip(schema, in);
      return null;
    };
  }

  /**
   * What is done with one field of a writer's record.
   *
   * @param position in the row; negative if it is passed over
   */
  private record Step(int position, String name, ValueReader reader) {
    void read(BoundedDecoder in, Row row) {
      Object value;
      try {
        value = reader.read(in);
      } catch (IOException | RuntimeException e) {
        throw ValueException.of(e).in(name);
      }
      if (position >= 0) {
        row.setField(position, value);
      }
    }
  }

  private static ValueReader list(Shape shape, Schema writer) {
    ValueReader item = inner(shape, writer.getElementType(), "[]");
    return in -> {
      List<Object> values = new ArrayList<>();
      for (long left = in.readArrayStart(); left > 0; left = in.arrayNext()) {
        for (; left > 0; left--) {
          values.add(item.read(in));
        }
      }
      return values.toArray(shape.inner().newArray(values.size()));
    };
  }

  private static ValueReader dict(Shape shape, Schema writer) {
    ValueReader item = inner(shape, writer.getValueType(), "{}");
    return in -> {
      Map<String, Object> values = new LinkedHashMap<>();
      for (long left = in.readMapStart(); left > 0; left = in.mapNext()) {
        for (; left > 0; left--) {
          values.put(in.readString(), item.read(in));
        }
      }
      return values;
    };
  }

  private static ValueReader inner(Shape shape, Schema writer, String step) {
    ValueReader reader;
    try {
      reader = of(shape.inner(), writer);
    } catch (SchemaMismatchException e) {
      throw e.in(step);
    }
    return in -> {
      try {
        return reader.read(in);
      } catch (IOException | RuntimeException e) {
        throw ValueException.of(e).in(step);
      }
    };
  }

  private static ValueReader symbols(Shape shape, Schema writer) {
    Set<Serializable> known = new HashSet<>(shape.symbols());
    boolean numbers = shape.symbols().get(0) instanceof Long;
    ValueReader reader =
        switch (writer.getType()) {
          case ENUM -> numbers ? null : symbol(writer.getEnumSymbols());
          case STRING -> numbers ? null : BoundedDecoder::readString;
          case INT, LONG -> numbers ? BoundedDecoder::readLong : null;
          default -> null;
        };
    if (reader == null) {
      throw ScalarReaders.mismatch(shape, writer);
    }
    return in -> {
      Object value = reader.read(in);
      if (!known.contains(value)) {
        throw new ValueException("is none of the values of its type");
      }
      return value;
    };
  }

  static ValueReader symbol(List<String> symbols) {
    return in -> {
      int index = in.readEnum();
      if (index < 0 || index >= symbols.size()) {
        throw new ValueException("is a symbol that its enum does not have");
      }
      return symbols.get(index);
    };
  }

  /** A type as messages call it: {@code long (timestamp-millis)}. */
  static String name(Schema schema) {
    String logical = schema.getProp("logicalType");
    String type = schema.getType().getName();
    return logical == null ? type : "%s (%s)".formatted(type, logical);
  }

  /** What a record's author calls it. */
  static String name(Shape shape) {
    return switch (shape.kind()) {
      case ROW -> "a record";
      case LIST -> "a list";
      case DICT -> "a dict";
      case ENUM -> shape.symbols().get(0) instanceof Long ? "one of some int" : "one of some str";
      case UUID -> "a UUID";
      case DECIMAL -> "a Decimal";
      case INT, INT32 -> "an int";
      case BYTES -> "bytes";
      default -> "a " + shape.kind().name().toLowerCase(Locale.ROOT);
    };
  }
}
