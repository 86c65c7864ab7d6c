// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.orc;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.core.fs.Path;
import org.apache.orc.Reader;
import org.apache.orc.TypeDescription;
import org.flinksec.files.FileColumns;
import org.flinksec.rows.Shape;

/** The columns of files of ORC, as their footers have them: all of them are optional. */
public record OrcColumns(Shape shape) implements FileColumns {
  /** Those of the rows of a type. */
  public static OrcColumns of(TypeInformation<?> rowType) {
    return new OrcColumns(Shape.of(rowType));
  }

  @Override
  public Map<String, Column> written() {
    return columns(OrcSchema.of(shape));
  }

  @Override
  public Map<String, Column> read(Path file) throws IOException {
    try (Reader reader = OrcInput.opened(file)) {
      return columns(reader.getSchema());
    } catch (RuntimeException e) {
      throw new IOException("%s is no file of ORC".formatted(file.getPath()), e);
    }
  }

  private static Map<String, Column> columns(TypeDescription schema) {
    Map<String, Column> columns = new LinkedHashMap<>();
    addFields(schema, "", columns);
    return columns;
  }

  private static void addFields(TypeDescription struct, String outer, Map<String, Column> columns) {
    List<String> names = struct.getFieldNames();
    for (int i = 0; i < names.size(); i++) {
      add(struct.getChildren().get(i), outer + names.get(i), columns);
    }
  }

  private static void add(TypeDescription type, String path, Map<String, Column> columns) {
    boolean isPlain = type.getCategory().isPrimitive();
    columns.put(path, new Column(isPlain ? type.toString() : type.getCategory().getName(), true));
    switch (type.getCategory()) {
      case STRUCT -> addFields(type, path + ".", columns);
      case LIST -> add(type.getChildren().get(0), path + "[]", columns);
      case MAP -> add(type.getChildren().get(1), path + "{}", columns);
      default -> {
        // It is within nothing.
      }
    }
  }
}
