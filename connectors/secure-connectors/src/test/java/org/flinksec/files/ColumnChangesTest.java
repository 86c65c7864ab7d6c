// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.types.Row;
import org.flinksec.avro.AvroColumns;
import org.flinksec.avro.AvroFiles;
import org.flinksec.files.FileColumns.Column;
import org.flinksec.formats.orc.OrcColumns;
import org.flinksec.formats.orc.OrcFiles;
import org.flinksec.formats.parquet.ParquetColumns;
import org.flinksec.formats.parquet.ParquetFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of columns that new files have, and old ones do not. */
class ColumnChangesTest {
  private static final TypeInformation<Row> PLACE =
      Types.ROW_NAMED(new String[] {"name", "height"}, Types.STRING, Types.DOUBLE);
  private static final TypeInformation<Row> OLD =
      Types.ROW_NAMED(
          new String[] {"n", "text", "place", "tags"},
          Types.LONG,
          Types.STRING,
          PLACE,
          Types.OBJECT_ARRAY(Types.STRING));
  private static final TypeInformation<Row> NEW =
      Types.ROW_NAMED(
          new String[] {"n", "more", "place", "tags"},
          Types.STRING,
          Types.LONG,
          Types.ROW_NAMED(new String[] {"name"}, Types.STRING),
          Types.OBJECT_ARRAY(Types.LONG));
  private static final Row ROW = Row.of(1L, "secret", Row.of("x", 1.5), new String[] {"y"});

  @TempDir java.nio.file.Path directory;

  private record Given(Map<String, Column> before, Map<String, Column> written)
      implements FileColumns {
    @Override
    public Map<String, Column> read(Path file) {
      return before;
    }
  }

  private String uri() {
    return directory.toUri().toString();
  }

  private void write(String name, BulkWriter.Factory<Object> files) throws IOException {
    Path path = new Path(directory.resolve(name).toUri());
    try (FSDataOutputStream out =
        path.getFileSystem().create(path, FileSystem.WriteMode.OVERWRITE)) {
      BulkWriter<Object> writer = files.create(out);
      writer.addElement(ROW);
      writer.flush();
      writer.finish();
    }
  }

  @Test
  void theFootersOfAllFormatsSayWhichFieldWasAddedRemovedAndChanged() throws Exception {
    write("day=1/part-0.parquet", ParquetFiles.of(OLD, "zstd", 1 << 20, "x"));
    write("day=1/part-0.orc", OrcFiles.of(OLD, "zstd", 1 << 20, "x"));
    write("day=1/part-0.avro", AvroFiles.of(OLD, "", "", "deflate", "x"));
    Map<String, List<FileColumns>> formats =
        Map.of(
            ".parquet", List.of(ParquetColumns.of(OLD), ParquetColumns.of(NEW)),
            ".orc", List.of(OrcColumns.of(OLD), OrcColumns.of(NEW)),
            ".avro",
                List.of(
                    new AvroColumns(AvroFiles.of(OLD, "", "", "deflate", "x")),
                    new AvroColumns(AvroFiles.of(NEW, "", "", "deflate", "x"))));
    for (Map.Entry<String, List<FileColumns>> each : formats.entrySet()) {
      ColumnChanges none = ColumnChanges.between(uri(), each.getKey(), each.getValue().get(0));
      assertThat(none.file()).endsWith("/day=1/part-0" + each.getKey());
      assertThat(none.compatible()).as(each.getKey()).isEmpty();
      assertThat(none.incompatible()).as(each.getKey()).isEmpty();
      ColumnChanges some = ColumnChanges.between(uri(), each.getKey(), each.getValue().get(1));
      assertThat(some.compatible())
          .as(each.getKey())
          .hasSize(3)
          .anyMatch(text -> text.matches("'more' \\((int64|bigint|long)\\) is new"))
          .anyMatch(text -> text.matches("'text' \\((binary STRING|string)\\) is gone"))
          .anyMatch(text -> text.matches("'place.height' \\(double\\) is gone"));
      assertThat(some.incompatible())
          .as(each.getKey())
          .hasSize(2)
          .anyMatch(text -> text.matches("'n' was (int64|bigint|long) and is .*(string|STRING)"))
          .anyMatch(text -> text.matches("'tags.*' was .*(string|STRING) and is .*"));
    }
  }

  @Test
  void aRequiredColumnThatComesOrGoesDoesNotGoWithOldFiles() throws Exception {
    Files.createFile(directory.resolve("part-0.x"));
    Column required = new Column("long", false);
    Column optional = new Column("long", true);
    ColumnChanges found =
        ColumnChanges.between(
            uri(),
            ".x",
            new Given(
                Map.of("gone", required, "weaker", required, "stronger", optional),
                Map.of("new", required, "weaker", optional, "stronger", required)));
    assertThat(found.incompatible())
        .containsExactlyInAnyOrder(
            "'new' (long) is new, and required", "'gone' (long) is gone, and was required");
    assertThat(found.compatible())
        .containsExactlyInAnyOrder("'weaker' is optional now", "'stronger' is required now");
  }

  @Test
  void theNewestFileIsLookedAtAndNoHiddenOneNorOneOfAnother() throws Exception {
    Given columns = new Given(Map.of(), Map.of());
    assertThat(ColumnChanges.between(uri() + "/none", ".x", columns).file()).isEmpty();
    assertThat(ColumnChanges.between(uri(), ".x", columns).file()).isEmpty();
    int time = 0;
    for (String name :
        List.of(
            "day=1/part-0.x",
            "day=2/part-1.x",
            "day=2/part-2.y",
            "day=2/.part-3.x",
            "day=2/x.x",
            "_x/part-4.x",
            "day=3/_SUCCESS")) {
      java.nio.file.Path file = directory.resolve(name);
      Files.createDirectories(file.getParent());
      Files.createFile(file);
      time += 10_000;
      Files.setLastModifiedTime(file, FileTime.fromMillis(time));
      Files.setLastModifiedTime(file.getParent(), FileTime.fromMillis(time));
    }
    assertThat(ColumnChanges.between(uri(), ".x", columns).file()).endsWith("/day=2/part-1.x");
  }

  @Test
  void aFileThatIsNoneOfItsFormatIsToldByItsName() throws Exception {
    for (Map.Entry<String, FileColumns> each :
        Map.of(
                ".parquet", ParquetColumns.of(OLD),
                ".orc", OrcColumns.of(OLD),
                ".avro", (FileColumns) new AvroColumns(AvroFiles.of(OLD, "", "", "deflate", "x")))
            .entrySet()) {
      Files.writeString(directory.resolve("part-0" + each.getKey()), "no such file".repeat(10));
      assertThatThrownBy(() -> ColumnChanges.between(uri(), each.getKey(), each.getValue()))
          .isInstanceOf(IOException.class);
    }
  }
}
