// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Type;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.Encoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/**
 * Chooses how each value of a record is written with a schema. What has no place in the schema, and
 * what the schema needs and the record does not have, is found here, before any record.
 */
final class ValueWriters {
  private static final int NO_BRANCH = -1;

  private ValueWriters() {}

  /**
   * @throws SchemaMismatchException if the schema has no place for it
   */
  static ValueWriter of(Shape shape, Schema schema) {
    if (schema.getType() == Type.UNION) {
      return union(shape, schema.getTypes());
    }
    ValueWriter writer = notNull(shape, schema);
    return (out, value) -> {
      if (value == null) {
        throw new ValueException("is null, which the schema does not allow");
      }
      writer.write(out, value);
    };
  }

  private static ValueWriter union(Shape shape, List<Schema> branches) {
    int ifNull = NO_BRANCH;
    int chosen = NO_BRANCH;
    ValueWriter writer = null;
    SchemaMismatchException first = null;
    for (int i = 0; i < branches.size(); i++) {
      Schema branch = branches.get(i);
      if (branch.getType() == Type.NULL) {
        ifNull = i;
        continue;
      }
      try {
        ValueWriter able = notNull(shape, branch);
        if (chosen == NO_BRANCH || isBetter(shape, branch, branches.get(chosen))) {
          chosen = i;
          writer = able;
        }
      } catch (SchemaMismatchException e) {
        first = first == null ? e : first;
      }
    }
    if (writer == null) {
      throw first == null ? new SchemaMismatchException("is always null in the schema") : first;
    }
    return union(ifNull, chosen, writer);
  }

  private static ValueWriter union(int ifNull, int chosen, ValueWriter writer) {
    return (out, value) -> {
      if (value != null) {
        out.writeIndex(chosen);
        writer.write(out, value);
      } else if (ifNull == NO_BRANCH) {
        throw new ValueException("is null, which the schema does not allow");
      } else {
        out.writeIndex(ifNull);
      }
    };
  }

  /** Whether a branch holds more of what may come than another that holds some of it. */
  private static boolean isBetter(Shape shape, Schema branch, Schema than) {
    return rank(shape, branch.getType()) > rank(shape, than.getType());
  }

  private static int rank(Shape shape, Type type) {
    return switch (type) {
      case LONG, DOUBLE, BYTES -> 1;
      case STRING -> shape.kind() == Kind.STR ? 1 : 0;
      case ENUM -> shape.kind() == Kind.ENUM ? 1 : 0;
      default -> 0;
    };
  }

  private static ValueWriter notNull(Shape shape, Schema schema) {
    return switch (shape.kind()) {
      case ROW -> row(shape, require(shape, schema, Type.RECORD));
      case LIST -> list(inner(shape, require(shape, schema, Type.ARRAY).getElementType(), "[]"));
      case DICT -> dict(inner(shape, require(shape, schema, Type.MAP).getValueType(), "{}"));
      default -> ScalarWriters.of(shape, schema);
    };
  }

  private static Schema require(Shape shape, Schema schema, Type type) {
    if (schema.getType() != type) {
      throw ScalarReaders.mismatch(shape, schema);
    }
    return schema;
  }

  private static ValueWriter row(Shape shape, Schema schema) {
    Map<String, Integer> positions = new HashMap<>();
    for (int i = 0; i < shape.fields().size(); i++) {
      positions.put(shape.fields().get(i).wire(), i);
    }
    Step[] steps =
        schema.getFields().stream()
            .map(field -> step(shape, positions.remove(field.name()), field))
            .toArray(Step[]::new);
    if (!positions.isEmpty()) {
      Shape.Field lost = shape.fields().get(positions.values().iterator().next());
      throw new SchemaMismatchException(
              "has no place in the schema, whose record %s has the fields: %s"
                  .formatted(schema.getName(), names(schema)))
          .in(lost.name());
    }
    int arity = shape.fields().size();
    return (out, value) -> {
      Row row = ScalarWriters.cast(Row.class, value);
      if (row.getArity() != arity) {
        throw new IllegalArgumentException(
            "a row has %d fields, and its type %d".formatted(row.getArity(), arity));
      }
      for (Step step : steps) {
        step.write(out, row);
      }
    };
  }

  private static String names(Schema schema) {
    return schema.getFields().stream().map(Schema.Field::name).collect(Collectors.joining(", "));
  }

  private static Step step(Shape shape, Integer position, Schema.Field field) {
    if (position == null) {
      byte[] always = defaultOf(field);
      return new Step(NO_BRANCH, field.name(), (out, value) -> out.writeFixed(always));
    }
    String name = shape.fields().get(position).name();
    try {
      return new Step(position, name, of(shape.fields().get(position).shape(), field.schema()));
    } catch (SchemaMismatchException e) {
      throw e.in(name);
    }
  }

  /** What a field holds that only the schema has, in Avro's binary form. */
  private static byte[] defaultOf(Schema.Field field) {
    if (!field.hasDefaultValue()) {
      throw new SchemaMismatchException(
              "is in the schema, where it has no default, and not in the record")
          .in(field.name());
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder out = EncoderFactory.get().directBinaryEncoder(bytes, null);
    try {
      new GenericDatumWriter<>(field.schema(), new GenericData())
          .write(new GenericData().getDefaultValue(field), out);
      out.flush();
    } catch (AvroRuntimeException e) {
      throw new SchemaMismatchException("has a default that is none of its type").in(field.name());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * What is written of one field of the schema.
   *
   * @param position in the row; negative if it is none of the row
   */
  private record Step(int position, String name, ValueWriter writer) {
    void write(Encoder out, Row row) throws IOException {
      try {
        writer.write(out, position < 0 ? null : row.getField(position));
      } catch (ValueException e) {
        throw e.in(name);
      }
    }
  }

  private static ValueWriter list(ValueWriter item) {
    return (out, value) -> {
      List<?> values =
          value instanceof List<?> list
              ? list
              : Arrays.asList(ScalarWriters.cast(Object[].class, value));
      out.writeArrayStart();
      out.setItemCount(values.size());
      for (Object each : values) {
        out.startItem();
        item.write(out, each);
      }
      out.writeArrayEnd();
    };
  }

  private static ValueWriter dict(ValueWriter item) {
    return (out, value) -> {
      Set<? extends Map.Entry<?, ?>> entries = ScalarWriters.cast(Map.class, value).entrySet();
      out.writeMapStart();
      out.setItemCount(entries.size());
      for (Map.Entry<?, ?> entry : new ArrayList<>(entries)) {
        out.startItem();
        ScalarWriters.text(out, entry.getKey());
        item.write(out, entry.getValue());
      }
      out.writeMapEnd();
    };
  }

  private static ValueWriter inner(Shape shape, Schema schema, String step) {
    ValueWriter writer;
    try {
      writer = of(shape.inner(), schema);
    } catch (SchemaMismatchException e) {
      throw e.in(step);
    }
    return (out, value) -> {
      try {
        writer.write(out, value);
      } catch (ValueException e) {
        throw e.in(step);
      }
    };
  }
}
