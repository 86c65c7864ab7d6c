// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.JsonProperties;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Type;
import org.apache.avro.SchemaParseException;
import org.apache.flink.types.Row;
import org.flinksec.rows.Scalars;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/**
 * The schema of a record class, where no other is given.
 *
 * <p>A datetime is a {@code timestamp-micros}, a UUID a string, an enum an enum if all its symbols
 * are names; what may be null is a union with null in front, except where its default is something
 * else.
 */
final class RecordSchema {
  private final String namespace;
  private final Map<String, Shape> named = new HashMap<>();
  private final Map<String, Schema> made = new HashMap<>();

  private RecordSchema(String namespace) {
    this.namespace = namespace;
  }

  /**
   * @param shape of a row
   * @param fullName of the record, with a namespace or without; empty for the class's own
   * @param excluded names of fields that are not in it
   * @throws SchemaMismatchException if a field has no type in Avro, or no name
   */
  static Schema of(Shape shape, String fullName, Set<String> excluded) {
    int dot = fullName.lastIndexOf('.');
    String own = shape.name() == null ? "Row" : shape.name();
    String name = fullName.isEmpty() ? own : fullName.substring(dot + 1);
    String namespace = dot < 0 ? null : fullName.substring(0, dot);
    List<String> kept = shape.names().stream().filter(field -> !excluded.contains(field)).toList();
    return new RecordSchema(namespace).row(shape.only(kept), name);
  }

  private Schema row(Shape shape, String name) {
    Schema known = known(shape, name);
    if (known != null) {
      return known;
    }
    named.put(name, shape); // before its fields, of which none may be called the same
    List<Schema.Field> fields = new ArrayList<>();
    for (Shape.Field field : shape.fields()) {
      try {
        fields.add(field(field, name));
      } catch (SchemaMismatchException e) {
        throw e.in(field.name());
      } catch (SchemaParseException e) {
        throw new SchemaMismatchException(
                "is called '%s' in Avro, and that is no name there: letters, digits and underscores, not a digit first; give it an alias"
                    .formatted(field.wire()))
            .in(field.name());
      }
    }
    try {
      return remember(shape, name, Schema.createRecord(name, null, namespace, false, fields));
    } catch (SchemaParseException e) {
      throw new SchemaMismatchException(
          "is called '%s', and that is no name in Avro".formatted(name));
    }
  }

  /** A name stands for one thing in a schema. */
  private Schema known(Shape shape, String name) {
    Shape before = named.get(name);
    if (before != null && !isSame(before, shape)) {
      throw new SchemaMismatchException(
          "is of a second class called %s, and a schema has one: rename it, or give a schema_file"
              .formatted(name));
    }
    return made.get(name);
  }

  private static boolean isSame(Shape one, Shape other) {
    return one.key() == null
        ? one.fields().equals(other.fields()) && one.symbols().equals(other.symbols())
        : one.key().equals(other.key());
  }

  private Schema remember(Shape shape, String name, Schema schema) {
    named.put(name, shape);
    made.put(name, schema);
    return schema;
  }

  private Schema.Field field(Shape.Field field, String within) {
    Shape shape = field.shape();
    Schema type = notNull(shape, within + "_" + field.name());
    boolean nullFirst = !field.hasDefault() || field.ifMissing() == null;
    if (shape.nullable()) {
      Schema none = Schema.create(Type.NULL);
      type = Schema.createUnion(nullFirst ? List.of(none, type) : List.of(type, none));
    }
    if (field.hasDefault()) {
      Object json =
          field.ifMissing() == null ? JsonProperties.NULL_VALUE : json(shape, field.ifMissing());
      return new Schema.Field(field.wire(), type, null, json);
    }
    return new Schema.Field(field.wire(), type);
  }

  private Schema of(Shape shape, String otherwise) {
    Schema type = notNull(shape, otherwise);
    return shape.nullable() ? Schema.createUnion(Schema.create(Type.NULL), type) : type;
  }

  /**
   * @param otherwise the name of an enum that has none
   */
  private Schema notNull(Shape shape, String otherwise) {
    return switch (shape.kind()) {
      case STR -> Schema.create(Type.STRING);
      case INT -> Schema.create(Type.LONG);
      case INT32 -> Schema.create(Type.INT);
      case FLOAT -> Schema.create(Type.DOUBLE);
      case BOOL -> Schema.create(Type.BOOLEAN);
      case BYTES -> Schema.create(Type.BYTES);
      case DATETIME -> LogicalTypes.timestampMicros().addToSchema(Schema.create(Type.LONG));
      case DATE -> LogicalTypes.date().addToSchema(Schema.create(Type.INT));
      case UUID -> LogicalTypes.uuid().addToSchema(Schema.create(Type.STRING));
      case DECIMAL -> decimal(shape);
      case ENUM -> symbols(shape, shape.name() == null ? otherwise : shape.name());
      case ROW -> row(shape, shape.name() == null ? otherwise : shape.name());
      case LIST -> Schema.createArray(inner(shape, otherwise, "[]"));
      case DICT -> Schema.createMap(inner(shape, otherwise, "{}"));
    };
  }

  private Schema inner(Shape shape, String otherwise, String step) {
    try {
      return of(shape.inner(), otherwise);
    } catch (SchemaMismatchException e) {
      throw e.in(step);
    }
  }

  private static Schema decimal(Shape shape) {
    if (shape.precision() == 0) {
      throw new SchemaMismatchException(
          "is a Decimal of any number of digits, which Avro does not have: say how many, or give a schema_file");
    }
    return LogicalTypes.decimal(shape.precision(), shape.scale())
        .addToSchema(Schema.create(Type.BYTES));
  }

  private Schema symbols(Shape shape, String name) {
    if (shape.symbols().get(0) instanceof Long) {
      return Schema.create(Type.LONG);
    }
    List<String> symbols = shape.symbols().stream().map(Object::toString).toList();
    if (!symbols.stream().allMatch(symbol -> symbol.matches("[A-Za-z_][A-Za-z0-9_]*"))) {
      return Schema.create(Type.STRING);
    }
    Schema known = known(shape, name);
    return known == null
        ? remember(shape, name, Schema.createEnum(name, null, namespace, symbols))
        : known;
  }

  /** A default as Avro's {@code Schema.Field} takes it. */
  private static Object json(Shape shape, Serializable value) {
    if (value == null) {
      return JsonProperties.NULL_VALUE;
    }
    if (shape.kind() == Kind.DATETIME) {
      // ChronoUnit.MICROS counts nanoseconds, of which a long holds 292 years.
      return Scalars.micros((Instant) value);
    }
    if (shape.kind() == Kind.DATE) {
      return (int) ((LocalDate) value).toEpochDay();
    }
    if (value instanceof Double number && !Double.isFinite(number)) {
      throw new SchemaMismatchException(
          "has a default that is no number, which Avro cannot express");
    }
    if (shape.kind() == Kind.DECIMAL) {
      BigDecimal scaled = ((BigDecimal) value).setScale(shape.scale(), RoundingMode.UNNECESSARY);
      return text(scaled.unscaledValue().toByteArray());
    }
    if (value instanceof byte[] bytes) {
      return text(bytes);
    }
    if (value instanceof Object[] values) {
      List<Object> items = new ArrayList<>();
      for (Object each : values) {
        items.add(json(shape.inner(), (Serializable) each));
      }
      return items;
    }
    if (value instanceof Map<?, ?> values) {
      Map<String, Object> items = new LinkedHashMap<>();
      values.forEach(
          (key, each) -> items.put((String) key, json(shape.inner(), (Serializable) each)));
      return items;
    }
    if (value instanceof Row row) {
      Map<String, Object> items = new LinkedHashMap<>();
      for (int i = 0; i < row.getArity(); i++) {
        Shape.Field field = shape.fields().get(i);
        items.put(field.wire(), json(field.shape(), (Serializable) row.getField(i)));
      }
      return items;
    }
    return value;
  }

  /** Bytes as Avro writes them in JSON, a character each. */
  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
