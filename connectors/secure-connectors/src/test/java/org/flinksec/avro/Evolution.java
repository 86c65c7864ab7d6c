// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Type;
import org.apache.avro.generic.GenericData;
import org.apache.avro.util.RandomData;

/** Schemas of writers: those of a reader with fields moved, added, dropped, narrower. */
final class Evolution {
  private final Random random;
  private int names;

  Evolution(Random random) {
    this.random = random;
  }

  Schema of(Schema schema) {
    return switch (schema.getType()) {
      case RECORD -> record(schema);
      case ARRAY -> Schema.createArray(of(schema.getElementType()));
      case MAP -> Schema.createMap(of(schema.getValueType()));
      case UNION -> union(schema);
      case LONG -> schema.getLogicalType() != null || random.nextInt(3) > 0 ? schema : of(Type.INT);
      case DOUBLE ->
          of(List.of(Type.DOUBLE, Type.FLOAT, Type.INT, Type.LONG).get(random.nextInt(4)));
      default -> schema;
    };
  }

  private static Schema of(Type type) {
    return Schema.create(type);
  }

  private Schema union(Schema schema) {
    List<Schema> branches = new ArrayList<>();
    schema.getTypes().forEach(branch -> branches.add(of(branch)));
    Collections.shuffle(branches, random);
    return switch (random.nextInt(3)) {
      case 0 -> branches.get(0);
      default -> Schema.createUnion(branches);
    };
  }

  private Schema record(Schema schema) {
    List<Schema.Field> fields = new ArrayList<>();
    for (Schema.Field field : schema.getFields()) {
      if (!field.hasDefaultValue() || random.nextBoolean()) {
        fields.add(new Schema.Field(field.name(), of(field.schema())));
      }
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      fields.add(new Schema.Field("extra" + names++, extra(2)));
    }
    Collections.shuffle(fields, random);
    return Schema.createRecord(schema.getName(), null, schema.getNamespace(), false, fields);
  }

  private Schema extra(int depth) {
    return switch (random.nextInt(depth == 0 ? 4 : 8)) {
      case 0 -> of(Type.NULL);
      case 1 -> of(Type.STRING);
      case 2 -> Schema.createFixed("Fixed" + names++, null, null, random.nextInt(5));
      case 3 -> Schema.createEnum("Enum" + names++, null, null, List.of("A", "B"));
      case 4 -> Schema.createArray(extra(depth - 1));
      case 5 -> Schema.createMap(extra(depth - 1));
      case 6 -> Schema.createUnion(of(Type.NULL), of(Type.DOUBLE), of(Type.BYTES));
      default ->
          Schema.createRecord(
              "Extra" + names++,
              null,
              null,
              false,
              List.of(new Schema.Field("inner", extra(depth - 1))));
    };
  }

  /** A datum at random in which logical types have values of theirs. */
  static Object datum(Schema schema, Random random) {
    Object datum = new RandomData(schema, 1, random.nextLong()).iterator().next();
    return repaired(schema, datum, random);
  }

  private static Object repaired(Schema schema, Object datum, Random random) {
    if (schema.getLogicalType() != null) {
      return switch (schema.getLogicalType().getName()) {
        case "uuid" -> new UUID(random.nextLong(), random.nextLong()).toString();
        case "date" -> random.nextInt(20_000);
        case "timestamp-micros" -> random.nextLong() >> 12;
        case "decimal" -> ByteBuffer.wrap(new byte[] {(byte) random.nextInt(), 17});
        default -> throw new AssertionError(schema);
      };
    }
    switch (schema.getType()) {
      case RECORD ->
          schema
              .getFields()
              .forEach(
                  field -> {
                    GenericData.Record record = (GenericData.Record) datum;
                    record.put(
                        field.pos(), repaired(field.schema(), record.get(field.pos()), random));
                  });
      case ARRAY -> {
        @SuppressWarnings("unchecked")
        List<Object> items = (List<Object>) datum;
        items.replaceAll(item -> repaired(schema.getElementType(), item, random));
      }
      case MAP -> {
        @SuppressWarnings("unchecked")
        Map<Object, Object> items = (Map<Object, Object>) datum;
        items.replaceAll((key, item) -> repaired(schema.getValueType(), item, random));
      }
      case UNION -> {
        int index = GenericData.get().resolveUnion(schema, datum);
        return repaired(schema.getTypes().get(index), datum, random);
      }
      default -> {}
    }
    return datum;
  }
}
