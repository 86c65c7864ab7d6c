// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.file.SeekableByteArrayInput;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.types.Row;
import org.flinksec.Serialized;
import org.flinksec.avro.AvroFiles;
import org.flinksec.files.reading.FilePart;
import org.flinksec.files.reading.RecordFile;
import org.flinksec.formats.UnwritableRowException;
import org.flinksec.formats.csv.CsvEncoder;
import org.flinksec.formats.csv.CsvForm;
import org.flinksec.formats.orc.OrcFiles;
import org.flinksec.formats.orc.OrcRecords;
import org.flinksec.formats.parquet.ParquetFiles;
import org.flinksec.formats.raw.RawEncoder;
import org.flinksec.formats.raw.RawForm;
import org.flinksec.rows.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a file is made of, and what no file takes. */
class FilesTest {
  private static final TypeInformation<Row> TEXT =
      Types.ROW_NAMED(new String[] {"text"}, Types.STRING);
  private static final String TARGET = "the HDFS path /lines";

  @TempDir java.nio.file.Path directory;

  private byte[] written(BulkWriter.Factory<Object> files, Object... elements) throws Exception {
    java.nio.file.Path file = directory.resolve("file");
    Path path = new Path(file.toUri());
    try (FSDataOutputStream out =
        path.getFileSystem().create(path, FileSystem.WriteMode.OVERWRITE)) {
      BulkWriter<Object> writer = Serialized.copy(files).create(out);
      for (Object each : elements) {
        writer.addElement(each);
      }
      writer.flush();
      writer.finish();
      out.sync(); // it is still open
    }
    return Files.readAllBytes(file);
  }

  private static LineFiles raw(String compression) {
    return LineFiles.of(
        TEXT, RawEncoder.factory(new RawForm(false, 8, 8)), false, compression, TARGET);
  }

  @Test
  void aTextIsALineAndOneOfSeveralLinesIsRefused() throws Exception {
    assertThat(written(raw("none"), Row.of("zwölf"), Row.of("")))
        .isEqualTo("zwölf\n\n".getBytes(StandardCharsets.UTF_8));
    for (String odd : List.of("a\nsecret", "secret\r")) {
      assertThatThrownBy(() -> written(raw("none"), Row.of(odd)))
          .isInstanceOf(UnwritableRowException.class)
          .hasMessage(
              "a row for the HDFS path /lines cannot be written: it holds a line end, and each line"
                  + " is a record");
    }
    assertThatThrownBy(() -> written(raw("none"), Row.of((Object) null)))
        .hasMessageEndingWith("it has no value");
    assertThatThrownBy(() -> written(raw("none"), Row.of("secret \ud83d")))
        .hasMessageEndingWith("field 'text' holds half of a surrogate pair, which is not text");
  }

  @Test
  void aRecordOfCsvMayHoldLineEndsSinceTheyAreQuoted() throws Exception {
    CsvForm form = CsvForm.of(",", "\"", "", "");
    LineFiles lines = LineFiles.of(TEXT, CsvEncoder.factory(form, List.of()), true, "none", TARGET);
    assertThat(
            new String(
                written(lines, Row.of("a\nb"), Row.of((Object) null)), StandardCharsets.UTF_8))
        .isEqualTo("\"a\nb\"\n\n");
  }

  @Test
  void aCompressedFileIsOneStreamThatHasItsEnd() throws Exception {
    byte[] file = written(raw("gzip"), Row.of("a"), Row.of("b"));
    assertThat(new GZIPInputStream(new ByteArrayInputStream(file)).readAllBytes())
        .isEqualTo("a\nb\n".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void avroReadsItsOwnFilesOfEachCodec() throws Exception {
    for (String codec : List.of("none", "deflate", "snappy", "zstd")) {
      Object[] rows = IntStream.range(0, 5_000).mapToObj(i -> Row.of("ü" + i)).toArray();
      byte[] file = written(AvroFiles.of(TEXT, "", "a.b.Text", codec, TARGET), rows);
      try (DataFileReader<GenericRecord> read =
          new DataFileReader<>(new SeekableByteArrayInput(file), new GenericDatumReader<>())) {
        assertThat(read.getSchema().getFullName()).isEqualTo("a.b.Text");
        assertThat(read.getMetaString("avro.codec"))
            .isEqualTo(
                switch (codec) {
                  case "none" -> "null";
                  case "zstd" -> "zstandard";
                  default -> codec;
                });
        for (int i = 0; i < rows.length; i++) {
          assertThat(read.next().get("text")).hasToString("ü" + i);
        }
        assertThat(read.hasNext()).isFalse();
      }
    }
  }

  @Test
  void noValueOfARowThatParquetOrcOrAvroCannotHoldIsTold() {
    for (BulkWriter.Factory<Object> files :
        List.<BulkWriter.Factory<Object>>of(
            ParquetFiles.of(TEXT, "none", 1 << 20, TARGET),
            OrcFiles.of(TEXT, "none", 1 << 20, TARGET),
            AvroFiles.of(TEXT, "", "", "none", TARGET))) {
      assertThatThrownBy(() -> written(files, Row.of("secret \ud83d")))
          .isInstanceOf(UnwritableRowException.class)
          .hasMessageContaining("text")
          .hasMessageContaining("holds half of a surrogate pair, which is not text")
          .hasMessageNotContaining("secret");
    }
  }

  @Test
  void aTimeThatOrcWouldTellASecondLaterIsRefused() throws Exception {
    TypeInformation<Row> type = Types.ROW_NAMED(new String[] {"at"}, Types.INSTANT);
    OrcFiles files = OrcFiles.of(type, "none", 1 << 20, TARGET);
    for (String text : List.of("1969-12-31T23:59:59.001Z", "1969-12-31T23:59:59.999999Z")) {
      assertThatThrownBy(() -> written(files, Row.of(Instant.parse(text))))
          .isInstanceOf(UnwritableRowException.class)
          .hasMessageContaining("at")
          .hasMessageContaining("within the last second before 1970, which ORC cannot hold");
    }
    Path path = new Path(directory.resolve("file").toUri());
    for (String text : List.of("1969-12-31T23:59:59.000999Z", "1969-12-31T23:59:58.999999Z")) {
      Row row = Row.of(Instant.parse(text));
      long size = written(files, row).length;
      FilePart whole = new FilePart(path.getFileSystem().open(path), path, 0, size, size, -1);
      try (RecordFile file = new OrcRecords().open(whole, Shape.of(type), Set.of())) {
        assertThat(file.next()).isTrue();
        assertThat(file.row()).isEqualTo(row);
      }
    }
  }
}
