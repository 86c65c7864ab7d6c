// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.InitContext;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.flinksec.formats.FormatException;

/**
 * Makes one file of Parquet of several: rows are read and written again, so that row groups are as
 * large as those of a file that was never small.
 */
public final class MergedParquet implements BulkWriter.Factory<Path> {
  private static final long serialVersionUID = 1L;

  private final String compression;
  private final long rowGroup;
  private final String target;

  /**
   * @param compression as of {@link ParquetFiles}
   * @param rowGroup bytes of rows that are held in memory before they are written out
   * @param target what the rows go to, for messages
   */
  public MergedParquet(String compression, long rowGroup, String target) {
    this.compression = compression;
    this.rowGroup = rowGroup;
    this.target = target;
  }

  @Override
  public BulkWriter<Path> create(FSDataOutputStream file) {
    return new Merging(file);
  }

  private final class Merging implements BulkWriter<Path> {
    private final FSDataOutputStream file;
    private final List<Path> paths = new ArrayList<>();

    Merging(FSDataOutputStream file) {
      this.file = file;
    }

    @Override
    public void addElement(Path path) {
      paths.add(path);
    }

    @Override
    public void flush() {
      // All is written at the end, when all schemas are known.
    }

    @Override
    public void finish() throws IOException {
      MessageType schema = schema();
      try (ParquetWriter<Group> writer =
          ExampleParquetWriter.builder(new ParquetFiles.Opened(file))
              .withType(schema)
              .withCompressionCodec(ParquetFiles.codec(compression))
              .withRowGroupSize(rowGroup)
              .build()) {
        for (Path path : paths) {
          copy(path, schema, writer);
        }
      }
    }

    private MessageType schema() throws IOException {
      List<MessageType> schemas = new ArrayList<>();
      for (Path path : paths) {
        try (ParquetFileReader reader = ParquetFileReader.open(new ParquetInput(path))) {
          schemas.add(reader.getFooter().getFileMetaData().getSchema());
        }
      }
      return common(schemas, target);
    }
  }

  /**
   * Returns what holds the rows of files of several schemas: those of before and after a change of
   * the record class, or of one within it. A column that one does not have is optional.
   *
   * @throws FormatException if a column has two types
   */
  static MessageType common(List<MessageType> schemas, String target) {
    MessageType newest = schemas.get(schemas.size() - 1);
    if (schemas.stream().allMatch(newest::equals)) {
      return newest;
    }
    List<Type> columns = newest.getFields();
    for (MessageType schema : schemas) {
      columns = common(columns, schema.getFields(), "", target);
    }
    return new MessageType(newest.getName(), columns);
  }

  private static List<Type> common(List<Type> some, List<Type> others, String path, String target) {
    Map<String, Type> columns = new LinkedHashMap<>();
    some.forEach(column -> columns.put(column.getName(), column));
    Map<String, Type> rest = new LinkedHashMap<>();
    others.forEach(column -> rest.put(column.getName(), column));
    columns.replaceAll(
        (name, column) -> {
          Type other = rest.remove(name);
          return other == null
              ? made(column, Repetition.OPTIONAL)
              : common(column, other, path + name, target);
        });
    rest.forEach((name, column) -> columns.put(name, made(column, Repetition.OPTIONAL)));
    return List.copyOf(columns.values());
  }

  private static Type common(Type one, Type other, String path, String target) {
    Repetition repetition =
        other.isRepetition(Repetition.OPTIONAL) && one.isRepetition(Repetition.REQUIRED)
            ? Repetition.OPTIONAL
            : one.getRepetition();
    if (made(one, Repetition.OPTIONAL).equals(made(other, Repetition.OPTIONAL))) {
      return made(one, repetition);
    }
    boolean areGroups =
        !one.isPrimitive()
            && !other.isPrimitive()
            && one.isRepetition(Repetition.REPEATED) == other.isRepetition(Repetition.REPEATED)
            && Objects.equals(one.getLogicalTypeAnnotation(), other.getLogicalTypeAnnotation());
    if (!areGroups) {
      throw new FormatException(
          "files of %s have the column '%s' with two types, and cannot be merged"
              .formatted(target, path));
    }
    List<Type> within =
        common(one.asGroupType().getFields(), other.asGroupType().getFields(), path + ".", target);
    return group(one, repetition, within);
  }

  private static Type made(Type column, Repetition repetition) {
    if (column.isRepetition(Repetition.REPEATED) || column.isRepetition(repetition)) {
      return column;
    }
    if (column.isPrimitive()) {
      return org.apache.parquet.schema.Types.primitive(
              column.asPrimitiveType().getPrimitiveTypeName(), repetition)
          .length(column.asPrimitiveType().getTypeLength())
          .as(column.getLogicalTypeAnnotation())
          .named(column.getName());
    }
    return group(column, repetition, column.asGroupType().getFields());
  }

  private static Type group(Type column, Repetition repetition, List<Type> fields) {
    return org.apache.parquet.schema.Types.buildGroup(repetition)
        .as(column.getLogicalTypeAnnotation())
        .addFields(fields.toArray(new Type[0]))
        .named(column.getName());
  }

  private static void copy(Path path, MessageType schema, ParquetWriter<Group> writer)
      throws IOException {
    try (ParquetReader<Group> reader = new Reading(new ParquetInput(path), schema).build()) {
      for (Group row = reader.read(); row != null; row = reader.read()) {
        writer.write(row);
      }
    }
  }

  private static final class Reading extends ParquetReader.Builder<Group> {
    private final MessageType schema;

    Reading(InputFile file, MessageType schema) {
      super(file);
      this.schema = schema;
    }

    @Override
    protected ReadSupport<Group> getReadSupport() {
      return new GroupReadSupport() {
        @Override
        public ReadContext init(InitContext context) {
          return new ReadContext(schema);
        }
      };
    }
  }
}
