// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.file.DataFileStream;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.core.fs.Path;
import org.flinksec.files.FileColumns;

/** The fields of files of Avro, as their headers have them. */
public record AvroColumns(AvroFiles files) implements FileColumns {
  /** How deep schemas are looked into, which may hold themselves. */
  private static final int DEEPEST = 20;

  @Override
  public Map<String, Column> written() {
    return columns(files.schema());
  }

  @Override
  public Map<String, Column> read(Path file) throws IOException {
    try (DataFileStream<Object> in =
        new DataFileStream<>(file.getFileSystem().open(file), new GenericDatumReader<>())) {
      return columns(in.getSchema());
    } catch (AvroRuntimeException e) {
      throw new IOException("%s is no file of Avro".formatted(file.getPath()), e);
    }
  }

  private static Map<String, Column> columns(Schema schema) {
    Map<String, Column> columns = new LinkedHashMap<>();
    if (schema.getType() == Schema.Type.RECORD) {
      addFields(schema, "", columns, 0);
    } else {
      add(schema, "the record", columns, 0);
    }
    return columns;
  }

  private static void addFields(
      Schema schema, String outer, Map<String, Column> columns, int depth) {
    schema.getFields().forEach(field -> add(field.schema(), outer + field.name(), columns, depth));
  }

  private static void add(Schema schema, String path, Map<String, Column> columns, int depth) {
    boolean isOptional = schema.isNullable();
    Schema type = schema;
    if (schema.isUnion()) {
      List<Schema> branches =
          schema.getTypes().stream().filter(s -> s.getType() != Schema.Type.NULL).toList();
      type = branches.size() == 1 ? branches.get(0) : schema;
    }
    columns.put(path, new Column(name(type), isOptional));
    if (depth > DEEPEST) {
      return;
    }
    switch (type.getType()) {
      case RECORD -> addFields(type, path + ".", columns, depth + 1);
      case ARRAY -> add(type.getElementType(), path + "[]", columns, depth + 1);
      case MAP -> add(type.getValueType(), path + "{}", columns, depth + 1);
      default -> {
        // It is within nothing.
      }
    }
  }

  private static String name(Schema type) {
    return switch (type.getType()) {
      case RECORD, ARRAY, MAP -> type.getType().getName();
      case UNION -> "a union of " + type.getTypes().stream().map(AvroColumns::name).toList();
      default -> {
        String logical = type.getProp("logicalType");
        Object precision = type.getObjectProp("precision");
        Object scale = type.getObjectProp("scale");
        yield type.getType().getName()
            + (logical == null ? "" : " " + logical)
            + (precision == null ? "" : "(%s,%s)".formatted(precision, scale));
      }
    };
  }
}
