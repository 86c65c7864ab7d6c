// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.types.Row;
import org.apache.hadoop.conf.Configuration;
import org.apache.orc.OrcFile;
import org.apache.orc.Reader;
import org.apache.orc.RecordReader;
import org.apache.orc.storage.ql.exec.vector.BytesColumnVector;
import org.apache.orc.storage.ql.exec.vector.VectorizedRowBatch;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.flinksec.Serialized;
import org.flinksec.avro.AvroFiles;
import org.flinksec.avro.MergedAvro;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.orc.MergedOrc;
import org.flinksec.formats.orc.OrcFiles;
import org.flinksec.formats.parquet.MergedParquet;
import org.flinksec.formats.parquet.ParquetFiles;
import org.flinksec.formats.raw.RawEncoder;
import org.flinksec.formats.raw.RawForm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One file of several, read by the formats' own readers. */
class MergedFilesTest {
  private static final TypeInformation<Row> TEXT =
      Types.ROW_NAMED(new String[] {"text"}, Types.STRING);
  private static final String TARGET = "the HDFS path /merged";

  @TempDir java.nio.file.Path directory;

  private <T> Path written(String name, BulkWriter.Factory<T> files, List<T> elements)
      throws Exception {
    Path path = new Path(directory.resolve(name).toUri());
    try (FSDataOutputStream out =
        path.getFileSystem().create(path, FileSystem.WriteMode.OVERWRITE)) {
      BulkWriter<T> writer = Serialized.copy(files).create(out);
      for (T each : elements) {
        writer.addElement(each);
      }
      writer.flush();
      writer.finish();
      out.sync(); // it is still open
    }
    return path;
  }

  /** Files of 10, 0 and 25 texts. */
  private List<Path> small(BulkWriter.Factory<Object> files) throws Exception {
    List<Path> paths = new ArrayList<>();
    int n = 0;
    for (int rows : List.of(10, 0, 25)) {
      List<Object> some = new ArrayList<>();
      for (int i = 0; i < rows; i++) {
        some.add(Row.of("ü" + n++));
      }
      paths.add(written("small-" + paths.size(), files, some));
    }
    return paths;
  }

  private static List<String> expected() {
    List<String> all = new ArrayList<>();
    for (int n = 0; n < 35; n++) {
      all.add("ü" + n);
    }
    return all;
  }

  private List<Group> read(Path path) throws Exception {
    List<Group> rows = new ArrayList<>();
    try (ParquetReader<Group> reader =
        ParquetReader.builder(new GroupReadSupport(), new org.apache.hadoop.fs.Path(path.toUri()))
            .build()) {
      for (Group row = reader.read(); row != null; row = reader.read()) {
        rows.add(row);
      }
    }
    return rows;
  }

  private static ParquetFileReader opened(Path path) throws Exception {
    return ParquetFileReader.open(
        HadoopInputFile.fromPath(new org.apache.hadoop.fs.Path(path.toUri()), new Configuration()));
  }

  @Test
  void linesStayLinesHoweverTheyAreCompressed() throws Exception {
    for (String compression : List.of("none", "gzip")) {
      BulkWriter.Factory<Object> files =
          LineFiles.of(
              TEXT, RawEncoder.factory(new RawForm(false, 8, 8)), false, compression, TARGET);
      Path merged = written("merged", LineFiles.merged(compression), small(files));
      try (InputStream file = Files.newInputStream(java.nio.file.Path.of(merged.getPath()));
          InputStream lines = compression.equals("gzip") ? new GZIPInputStream(file) : file) {
        String text = new String(lines.readAllBytes(), StandardCharsets.UTF_8);
        assertThat(text.lines().toList()).isEqualTo(expected());
      }
    }
  }

  @Test
  void aFileOfParquetHasTheRowsOfAllInOneRowGroup() throws Exception {
    for (String compression : List.of("zstd", "none", "lz4")) {
      Path merged =
          written(
              "merged",
              new MergedParquet(compression, 1 << 20, TARGET),
              small(ParquetFiles.of(TEXT, compression, 1 << 20, TARGET)));
      assertThat(read(merged).stream().map(row -> row.getString("text", 0)).toList())
          .isEqualTo(expected());
      try (ParquetFileReader file = opened(merged)) {
        assertThat(file.getRowGroups()).hasSize(1);
        assertThat(file.getRowGroups().get(0).getColumns().get(0).getCodec().name())
            .isEqualTo(
                switch (compression) {
                  case "zstd" -> "ZSTD";
                  case "lz4" -> "LZ4_RAW";
                  default -> "UNCOMPRESSED";
                });
      }
    }
  }

  @Test
  void filesOfBeforeAndAfterAColumnWasAddedBecomeOneWhereItIsOptional() throws Exception {
    TypeInformation<Row> more =
        Types.ROW_NAMED(new String[] {"n", "text"}, Types.LONG, Types.STRING);
    List<Path> small =
        List.of(
            written("old", ParquetFiles.of(TEXT, "none", 1 << 20, TARGET), List.of(Row.of("a"))),
            written(
                "new", ParquetFiles.of(more, "none", 1 << 20, TARGET), List.of(Row.of(1L, "b"))));
    Path merged = written("merged", new MergedParquet("none", 1 << 20, TARGET), small);
    List<Group> rows = read(merged);
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0).getString("text", 0)).isEqualTo("a");
    assertThat(rows.get(0).getFieldRepetitionCount("n")).isZero();
    assertThat(rows.get(1).getLong("n", 0)).isEqualTo(1);
  }

  @Test
  void filesOfBeforeAndAfterAFieldWithinARecordOrAListWasAddedBecomeOne() throws Exception {
    TypeInformation<Row> old = Types.ROW_NAMED(new String[] {"name"}, Types.STRING);
    TypeInformation<Row> now =
        Types.ROW_NAMED(new String[] {"lat", "name"}, Types.DOUBLE, Types.STRING);
    String[] names = {"place", "stops"};
    TypeInformation<Row> before = Types.ROW_NAMED(names, old, Types.OBJECT_ARRAY(old));
    TypeInformation<Row> after = Types.ROW_NAMED(names, now, Types.OBJECT_ARRAY(now));
    Row first = Row.of(Row.of("a"), new Object[] {Row.of("b"), Row.of("c")});
    Row second = Row.of(Row.of(0.5, "d"), new Object[] {Row.of(1.5, "e")});
    List<Path> small =
        List.of(
            written("new", ParquetFiles.of(after, "none", 1 << 20, TARGET), List.of(second)),
            written("old", ParquetFiles.of(before, "none", 1 << 20, TARGET), List.of(first)));
    Path merged = written("merged", new MergedParquet("none", 1 << 20, TARGET), small);
    List<String> rows = read(merged).stream().map(Group::toString).toList();
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0)).contains("name: d", "lat: 0.5", "name: e", "lat: 1.5");
    assertThat(rows.get(1)).contains("name: a", "name: b", "name: c").doesNotContain("lat");
  }

  @Test
  void filesWhoseColumnHasTwoTypesAreNotMerged() throws Exception {
    TypeInformation<Row> other = Types.ROW_NAMED(new String[] {"text"}, Types.LONG);
    List<Path> small =
        List.of(
            written("old", ParquetFiles.of(TEXT, "none", 1 << 20, TARGET), List.of(Row.of("a"))),
            written("new", ParquetFiles.of(other, "none", 1 << 20, TARGET), List.of(Row.of(1L))));
    assertThatThrownBy(() -> written("merged", new MergedParquet("none", 1 << 20, TARGET), small))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            "files of the HDFS path /merged have the column 'text' with two types, and cannot be merged");
  }

  @Test
  void aFileOfOrcHasTheRowsOfAllInOneStripeAlsoOfBeforeAColumnWasAdded() throws Exception {
    TypeInformation<Row> more =
        Types.ROW_NAMED(new String[] {"n", "text"}, Types.LONG, Types.STRING);
    for (String compression : List.of("zstd", "none", "lz4")) {
      Path merged =
          written(
              "merged",
              MergedOrc.of(more, compression, 1 << 20),
              small(OrcFiles.of(TEXT, compression, 1 << 20, TARGET)));
      List<String> texts = new ArrayList<>();
      try (Reader reader =
              OrcFile.createReader(
                  new org.apache.hadoop.fs.Path(merged.toUri()),
                  OrcFile.readerOptions(new Configuration()));
          RecordReader rows = reader.rows()) {
        assertThat(reader.getStripes()).hasSize(1);
        assertThat(reader.getCompressionKind().name()).isEqualToIgnoringCase(compression);
        VectorizedRowBatch batch = reader.getSchema().createRowBatch();
        while (rows.nextBatch(batch)) {
          for (int i = 0; i < batch.size; i++) {
            assertThat(batch.cols[0].isNull[batch.cols[0].isRepeating ? 0 : i]).isTrue();
            texts.add(((BytesColumnVector) batch.cols[1]).toString(i));
          }
        }
      }
      assertThat(texts).isEqualTo(expected());
    }
  }

  @Test
  void aFileOfAvroHasTheRecordsOfAll() throws Exception {
    AvroFiles files = AvroFiles.of(TEXT, "", "a.b.Text", "deflate", TARGET);
    Path merged = written("merged", new MergedAvro(files), small(files));
    try (DataFileReader<GenericRecord> read =
        new DataFileReader<>(
            java.nio.file.Path.of(merged.getPath()).toFile(), new GenericDatumReader<>())) {
      List<String> texts = new ArrayList<>();
      read.forEach(record -> texts.add(record.get("text").toString()));
      assertThat(texts).isEqualTo(expected());
      assertThat(read.getMetaString("avro.codec")).isEqualTo("deflate");
    }
  }
}
