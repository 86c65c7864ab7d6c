// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.FileSourceSplitSerializer;
import org.apache.flink.connector.file.src.reader.BulkFormat;
import org.apache.flink.connector.file.src.util.CheckpointedPosition;
import org.apache.flink.connector.file.src.util.RecordAndPosition;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.types.Row;
import org.flinksec.Serialized;
import org.flinksec.avro.AvroFiles;
import org.flinksec.avro.AvroRecords;
import org.flinksec.badrecords.BadRecordException;
import org.flinksec.files.LineFiles;
import org.flinksec.formats.csv.CsvDecoder;
import org.flinksec.formats.csv.CsvEncoder;
import org.flinksec.formats.csv.CsvForm;
import org.flinksec.formats.orc.OrcFiles;
import org.flinksec.formats.orc.OrcRecords;
import org.flinksec.formats.parquet.ParquetFiles;
import org.flinksec.formats.parquet.ParquetRecords;
import org.flinksec.json.JsonRows;
import org.flinksec.rows.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files in parts, from whichever place on a job goes on. */
class RowsOfFilesTest {
  private static final int ROWS = 400;
  private static final TypeInformation<Row> TYPE =
      Types.ROW_NAMED(new String[] {"n", "text"}, Types.LONG, Types.STRING);
  private static final CsvForm CSV = CsvForm.of(",", "\"", "", "");

  @TempDir java.nio.file.Path directory;

  private static String text(int n) {
    return n % 3 == 0 ? "ü\n\"" + n : "x".repeat(n % 7);
  }

  private void write(String name, BulkWriter.Factory<Object> files) throws IOException {
    Path path = new Path(directory.resolve(name).toUri());
    try (FSDataOutputStream out =
        path.getFileSystem().create(path, FileSystem.WriteMode.OVERWRITE)) {
      BulkWriter<Object> writer = files.create(out);
      for (int n = 0; n < ROWS; n++) {
        writer.addElement(Row.of((long) n, text(n)));
        if (n % 20 == 0) {
          writer.flush();
        }
      }
      writer.flush();
      writer.finish();
    }
  }

  private FileReading reading() {
    return FileReading.of(directory.toUri().toString(), Shape.of(TYPE));
  }

  private RowsOfFiles rows(FileReading said, RecordFiles files) {
    said.build(files);
    return new RowsOfFiles(said, new SimpleCounter());
  }

  private Collection<FileSourceSplit> splits(RecordFiles files, long part) throws IOException {
    return new DirectoryEnumerator(files, part == 0, part)
        .enumerateSplits(new Path[] {new Path(directory.toUri())}, 1);
  }

  private static List<RecordAndPosition<Object>> all(BulkFormat.Reader<Object> reader)
      throws IOException {
    List<RecordAndPosition<Object>> found = new ArrayList<>();
    try (reader) {
      for (var batch = reader.readBatch(); batch != null; batch = reader.readBatch()) {
        for (var each = batch.next(); each != null; each = batch.next()) {
          found.add(each);
        }
      }
    }
    return found;
  }

  private static List<Object> rowsOf(List<RecordAndPosition<Object>> records) {
    return records.stream().map(each -> (Object) each.getRecord()).toList();
  }

  private static FileSourceSplit at(FileSourceSplit split, RecordAndPosition<Object> record)
      throws IOException {
    FileSourceSplit moved =
        split.updateWithCheckpointedPosition(
            new CheckpointedPosition(record.getOffset(), record.getRecordSkipCount()));
    FileSourceSplitSerializer state = FileSourceSplitSerializer.INSTANCE;
    return state.deserialize(state.getVersion(), state.serialize(moved));
  }

  @Test
  void eachRowIsReadOnceInPartsOfAnySizeAndFromAnyPlaceOn() throws Exception {
    Map<String, BulkWriter.Factory<Object>> written =
        Map.of(
            "a.json", LineFiles.of(TYPE, JsonRows.encoder(), true, "none", "t"),
            "a.json.gz", LineFiles.of(TYPE, JsonRows.encoder(), true, "gzip", "t"),
            "a.json.zst", LineFiles.of(TYPE, JsonRows.encoder(), true, "zstd", "t"),
            "a.csv", LineFiles.of(TYPE, CsvEncoder.factory(CSV, List.of()), true, "none", "t"),
            "a.avro", AvroFiles.of(TYPE, "", "", "deflate", "t"),
            "a.orc", OrcFiles.of(TYPE, "zstd", 1 << 16, "t"),
            "a.parquet", ParquetFiles.of(TYPE, "snappy", 1 << 10, "t"));
    List<Object> expected =
        IntStream.range(0, ROWS).mapToObj(n -> (Object) Row.of((long) n, text(n))).toList();
    for (var file : written.entrySet()) {
      String name = file.getKey();
      write(name, file.getValue());
      RecordFiles format =
          name.contains("json")
              ? LineRecords.of(JsonRows.decoder(), true)
              : switch (name) {
                case "a.csv" ->
                    LineRecords.ofColumns(
                        CsvDecoder.factory(CSV, List.of()), LineCut.of(",", "\"", ""));
                case "a.avro" -> new AvroRecords();
                case "a.orc" -> new OrcRecords();
                default -> new ParquetRecords();
              };
      format = Serialized.copy(format);
      RowsOfFiles rows = rows(reading(), format);
      for (long part : new long[] {0, 1, 7, 100, 1000, 100_000}) {
        List<Object> found = new ArrayList<>();
        Collection<FileSourceSplit> splits = splits(format, part);
        assertThat(splits).extracting(FileSourceSplit::splitId).doesNotHaveDuplicates();
        for (FileSourceSplit split : splits) {
          List<RecordAndPosition<Object>> records =
              all(rows.createReader(new Configuration(), split));
          found.addAll(rowsOf(records));
          for (int i = part < 100 && part > 0 ? records.size() : 0; i < records.size(); i += 37) {
            List<Object> rest =
                rowsOf(all(rows.restoreReader(new Configuration(), at(split, records.get(i)))));
            assertThat(rest)
                .as("%s in parts of %d after %d", name, part, i)
                .isEqualTo(rowsOf(records.subList(i + 1, records.size())));
          }
        }
        assertThat(found).as("%s in parts of %d", name, part).isEqualTo(expected);
      }
      Files.delete(directory.resolve(name));
    }
  }

  /** The same rows, whose number may not be null. */
  private static Shape strict() {
    Shape shape = Shape.of(TYPE);
    Shape number = new Shape(Shape.Kind.INT, false, null, List.of(), null, List.of(), 0, 0);
    Shape.Field first = new Shape.Field("n", "n", number, false, null);
    return new Shape(
        shape.kind(), false, "R", List.of(first, shape.fields().get(1)), null, List.of(), 0, 0);
  }

  @Test
  void aBadRecordInAnyFormIsToldByItsPlaceAndTheOthersAreRead() throws Exception {
    Row[] written = {
      Row.of(1L, "a"), Row.of(null, "secret"), Row.of(3L, "c"), Row.of(null, "secret")
    };
    Map<String, BulkWriter.Factory<Object>> forms =
        Map.of(
            "a.json", LineFiles.of(TYPE, JsonRows.encoder(), true, "none", "t"),
            "a.json.gz", LineFiles.of(TYPE, JsonRows.encoder(), true, "gzip", "t"),
            "a.avro", AvroFiles.of(TYPE, "", "", "deflate", "t"),
            "a.orc", OrcFiles.of(TYPE, "zstd", 1 << 16, "t"),
            "a.parquet", ParquetFiles.of(TYPE, "snappy", 1 << 10, "t"));
    Map<String, String> places =
        Map.of(
            "a.json",
            "byte 19",
            "a.json.gz",
            "line 2",
            "a.avro",
            "record 2",
            "a.orc",
            "row 2",
            "a.parquet",
            "row 2");
    for (var form : forms.entrySet()) {
      String name = form.getKey();
      Path path = new Path(directory.resolve(name).toUri());
      try (FSDataOutputStream out =
          path.getFileSystem().create(path, FileSystem.WriteMode.OVERWRITE)) {
        BulkWriter<Object> writer = form.getValue().create(out);
        for (Row row : written) {
          writer.addElement(row);
        }
        writer.flush();
        writer.finish();
      }
      RecordFiles format =
          switch (name) {
            case "a.avro" -> new AvroRecords();
            case "a.orc" -> new OrcRecords();
            case "a.parquet" -> new ParquetRecords();
            default -> LineRecords.of(JsonRows.decoder(), true);
          };
      FileSourceSplit split = splits(format, 0).iterator().next();
      String uri = directory.toUri().toString();
      RowsOfFiles failing = rows(FileReading.of(uri, strict()), format);
      assertThatThrownBy(() -> all(failing.createReader(new Configuration(), split)))
          .isInstanceOf(BadRecordException.class)
          .hasMessageContaining("the record at %s of the file".formatted(places.get(name)))
          .hasMessageContaining(name + " cannot be decoded: field 'n' is")
          .hasMessageNotContaining("secret");
      FileReading said = FileReading.of(uri, strict()).onError("skip", 0);
      said.build(format);
      SimpleCounter leftOut = new SimpleCounter();
      RowsOfFiles skipping = new RowsOfFiles(said, leftOut);
      List<RecordAndPosition<Object>> found =
          all(skipping.createReader(new Configuration(), split));
      assertThat(rowsOf(found)).as(name).containsExactly(Row.of(1L, "a"), Row.of(3L, "c"));
      assertThat(leftOut.getCount()).isEqualTo(2);
      assertThat(rowsOf(all(skipping.restoreReader(new Configuration(), at(split, found.get(0))))))
          .as(name)
          .containsExactly(Row.of(3L, "c"));
      Files.delete(directory.resolve(name));
    }
  }

  @Test
  void aFileThatIsNoneOfItsFormIsToldByNameAndNeverByItsContent() throws Exception {
    Files.writeString(directory.resolve("a"), "secret ".repeat(100));
    Files.writeString(directory.resolve("a.gz"), "secret");
    Files.writeString(directory.resolve("a.json.bz2"), "secret");
    RecordFiles lines = LineRecords.of(JsonRows.decoder(), true);
    Map<String, RecordFiles> tried =
        Map.of("a", new ParquetRecords(), "a.gz", lines, "a.json.bz2", lines);
    List<String> said = new ArrayList<>();
    for (FileSourceSplit split : splits(lines, 0)) {
      RowsOfFiles rows = rows(reading(), tried.get(split.path().getName()));
      Throwable thrown = catchThrowable(() -> all(rows.createReader(new Configuration(), split)));
      said.add(split.path().getName() + ": " + thrown.getMessage());
      assertThat(thrown).hasNoCause();
    }
    FileSourceSplit first = splits(lines, 0).iterator().next();
    RowsOfFiles avro = rows(reading(), new AvroRecords());
    said.add(catchThrowable(() -> avro.createReader(new Configuration(), first)).getMessage());
    assertThat(said).hasSize(4).allMatch(each -> each.contains(" cannot be read: "));
    assertThat(String.join("\n", said))
        .contains("a cannot be read: it is no file of Parquet")
        .contains("a.gz cannot be read: Not in GZIP format")
        .contains("it is compressed, as .bz2")
        .contains("a cannot be read: Not an Avro data file")
        .doesNotContain("secret");
  }

  @Test
  void aFileThatLacksAFieldWithoutADefaultIsToldByNameAndField() throws Exception {
    write("a.parquet", ParquetFiles.of(TYPE, "none", 1 << 20, "t"));
    Shape more = Shape.of(Types.ROW_NAMED(new String[] {"n", "other"}, Types.LONG, Types.STRING));
    Shape text = new Shape(Shape.Kind.STR, false, null, List.of(), null, List.of(), 0, 0);
    Shape needs =
        new Shape(
            more.kind(),
            false,
            "R",
            List.of(more.fields().get(0), new Shape.Field("other", "o", text, false, null)),
            null,
            List.of(),
            0,
            0);
    RecordFiles format = new ParquetRecords();
    FileSourceSplit split = splits(format, 0).iterator().next();
    RowsOfFiles rows = rows(FileReading.of(directory.toUri().toString(), needs), format);
    assertThatThrownBy(() -> rows.createReader(new Configuration(), split))
        .hasMessageEndingWith(
            "a.parquet cannot be read: field 'other' is not in the file as 'o', and has no default");
  }

  @Test
  void aFileThatWasChangedOrRemovedSinceItWasFoundIsToldByName() throws Exception {
    Files.writeString(directory.resolve("a.json"), "{\"n\":1,\"text\":\"a\"}\n");
    RecordFiles format = LineRecords.of(JsonRows.decoder(), true);
    RowsOfFiles rows = rows(reading(), format);
    FileSourceSplit split = splits(format, 0).iterator().next();
    Files.writeString(directory.resolve("a.json"), "{\"n\":1,\"text\":\"ab\"}\n");
    assertThatThrownBy(() -> rows.createReader(new Configuration(), split))
        .hasMessageContaining("a.json was changed before it had been read");
    Files.delete(directory.resolve("a.json"));
    assertThatThrownBy(() -> rows.createReader(new Configuration(), split))
        .hasMessageContaining("a.json was removed before it had been read");
  }

  @Test
  void aLineThatIsTooLongIsABadRecordAndTheNextOneIsRead() throws Exception {
    String line = "{\"n\":1,\"text\":\"%s\"}\n";
    Files.writeString(
        directory.resolve("a.json"),
        line.formatted("x".repeat(LineBytes.LONGEST)) + line.formatted("y"));
    RecordFiles format = LineRecords.of(JsonRows.decoder(), true);
    FileSourceSplit split = splits(format, 0).iterator().next();
    RowsOfFiles skipping = rows(reading().onError("skip", 1), format);
    assertThat(rowsOf(all(skipping.createReader(new Configuration(), split))))
        .containsExactly(Row.of(1L, "y"));
    RowsOfFiles failing = rows(reading(), format);
    assertThatThrownBy(() -> all(failing.createReader(new Configuration(), split)))
        .isInstanceOf(BadRecordException.class)
        .hasMessageContaining("the record at byte 0 of the file")
        .hasMessageEndingWith("the line has more than 16777216 bytes");
  }

  @Test
  void aFieldThatOnlyTheDirectoryHoldsIsReadFromItsName() throws Exception {
    java.nio.file.Path below = directory.resolve("text=a%3Ab%25/x=1/n=__HIVE_DEFAULT_PARTITION__");
    Files.createDirectories(below);
    Files.writeString(below.resolve("a"), "{}\n{\"n\":2,\"text\":\"c\"}\n");
    Files.writeString(below.resolve("_b"), "{}\n");
    RecordFiles format = LineRecords.of(JsonRows.decoder(), true);
    List<Object> found = new ArrayList<>();
    for (FileSourceSplit split : splits(format, 0)) {
      found.addAll(rowsOf(all(rows(reading(), format).createReader(new Configuration(), split))));
    }
    assertThat(found).containsExactly(Row.of(null, "a:b%"), Row.of(2L, "c"));
  }
}
