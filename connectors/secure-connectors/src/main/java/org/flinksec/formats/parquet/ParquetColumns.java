// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.core.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.flinksec.files.FileColumns;
import org.flinksec.rows.Shape;

/** The columns of files of Parquet, as their footers have them. */
public record ParquetColumns(Shape shape) implements FileColumns {
  /** Those of the rows of a type. */
  public static ParquetColumns of(TypeInformation<?> rowType) {
    return new ParquetColumns(Shape.of(rowType));
  }

  @Override
  public Map<String, Column> written() {
    return columns(ParquetSchema.of(shape).getFields());
  }

  @Override
  public Map<String, Column> read(Path file) throws IOException {
    try (ParquetFileReader reader = ParquetFileReader.open(new ParquetInput(file))) {
      return columns(reader.getFooter().getFileMetaData().getSchema().getFields());
    } catch (RuntimeException e) {
      throw new IOException("%s is no file of Parquet".formatted(file.getPath()), e);
    }
  }

  private static Map<String, Column> columns(List<Type> fields) {
    Map<String, Column> columns = new LinkedHashMap<>();
    fields.forEach(field -> add(field, "", columns));
    return columns;
  }

  private static void add(Type field, String outer, Map<String, Column> columns) {
    String path = outer + field.getName();
    String kind =
        field.isPrimitive()
            ? field.asPrimitiveType().getPrimitiveTypeName().name().toLowerCase(Locale.ROOT)
            : "group";
    String logical =
        field.getLogicalTypeAnnotation() == null ? "" : " " + field.getLogicalTypeAnnotation();
    columns.put(path, new Column(kind + logical, !field.isRepetition(Repetition.REQUIRED)));
    if (!field.isPrimitive()) {
      field.asGroupType().getFields().forEach(inner -> add(inner, path + ".", columns));
    }
  }
}
