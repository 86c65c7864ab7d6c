// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.types.Row;
import org.flinksec.avro.AvroFiles;
import org.flinksec.avro.AvroRecords;
import org.flinksec.files.LineFiles;
import org.flinksec.formats.orc.OrcFiles;
import org.flinksec.formats.orc.OrcRecords;
import org.flinksec.formats.parquet.ParquetFiles;
import org.flinksec.formats.parquet.ParquetRecords;
import org.flinksec.json.JsonRows;
import org.flinksec.rows.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of which something is missing or wrong: told by their names, and never passed over. */
class DamagedFilesTest {
  private static final int ROWS = 60;
  private static final TypeInformation<Row> TYPE =
      Types.ROW_NAMED(new String[] {"n", "text"}, Types.LONG, Types.STRING);

  /** "secret", as Parquet's own words have it. */
  private static final String IN_HEXADECIMAL = "73 65 63 72 65 74";

  @TempDir java.nio.file.Path directory;

  private static Map<String, BulkWriter.Factory<Object>> written() {
    Map<String, BulkWriter.Factory<Object>> files = new LinkedHashMap<>();
    files.put("a.json.gz", LineFiles.of(TYPE, JsonRows.encoder(), true, "gzip", "t"));
    files.put("a.json.zst", LineFiles.of(TYPE, JsonRows.encoder(), true, "zstd", "t"));
    files.put("deflate.avro", AvroFiles.of(TYPE, "", "", "deflate", "t"));
    files.put("none.avro", AvroFiles.of(TYPE, "", "", "none", "t"));
    files.put("a.orc", OrcFiles.of(TYPE, "zstd", 1 << 16, "t"));
    files.put("a.parquet", ParquetFiles.of(TYPE, "snappy", 1 << 10, "t"));
    return files;
  }

  private static RecordFiles format(String name) {
    String ending = name.substring(name.indexOf('.'));
    return switch (ending) {
      case ".avro" -> new AvroRecords();
      case ".orc" -> new OrcRecords();
      case ".parquet" -> new ParquetRecords();
      default -> LineRecords.of(JsonRows.decoder(), true);
    };
  }

  private byte[] write(String name, BulkWriter.Factory<Object> files) throws IOException {
    Path path = new Path(directory.resolve(name).toUri());
    try (FSDataOutputStream out =
        path.getFileSystem().create(path, FileSystem.WriteMode.OVERWRITE)) {
      BulkWriter<Object> writer = files.create(out);
      for (int n = 0; n < ROWS; n++) {
        writer.addElement(Row.of((long) n, "secret " + n));
        if (n % 20 == 0) {
          writer.flush(); // a block of Avro
        }
      }
      writer.flush();
      writer.finish();
    }
    return Files.readAllBytes(directory.resolve(name));
  }

  private List<Object> read(String name, byte[] content) throws IOException {
    java.nio.file.Path file = Files.write(directory.resolve(name), content);
    RecordFiles format = format(name);
    FileReading said = FileReading.of(directory.toUri().toString(), Shape.of(TYPE));
    said.build(format);
    RowsOfFiles rows = new RowsOfFiles(said, new SimpleCounter());
    List<Object> found = new ArrayList<>();
    for (FileSourceSplit split :
        new DirectoryEnumerator(format, true, 0)
            .enumerateSplits(new Path[] {new Path(file.toUri())}, 1)) {
      try (var reader = rows.createReader(new Configuration(), split)) {
        for (var batch = reader.readBatch(); batch != null; batch = reader.readBatch()) {
          for (var each = batch.next(); each != null; each = batch.next()) {
            found.add(each.getRecord());
          }
        }
      }
    }
    return found;
  }

  @Test
  void aFileThatIsCutOffIsNotTakenForAShorterOne() throws Exception {
    for (var file : written().entrySet()) {
      String name = file.getKey();
      byte[] whole = write(name, file.getValue());
      assertThat(read(name, whole)).hasSize(ROWS);
      for (int length = 1; length < whole.length; length += 13) {
        byte[] cut = Arrays.copyOf(whole, length);
        List<Object> found = new ArrayList<>();
        Throwable problem = catchThrowable(() -> found.addAll(read(name, cut)));
        // Behind a block of Avro nothing tells that another one was to come.
        boolean isWholeBlocks = name.endsWith(".avro") && problem == null && found.size() % 20 <= 1;
        if (!isWholeBlocks) {
          assertThat(problem)
              .as("%s, cut after %d of %d bytes", name, length, whole.length)
              .isInstanceOf(IOException.class)
              .hasMessageContaining(name)
              .hasMessageNotContaining("secret");
        }
      }
    }
  }

  @Test
  void noBitThatIsWrongThrowsAnythingButTheNameOfTheFileAndWhatIsWrong() throws Exception {
    for (var file : written().entrySet()) {
      String name = file.getKey();
      byte[] whole = write(name, file.getValue());
      for (int at = 0; at < whole.length; at += 5) {
        byte[] damaged = whole.clone();
        damaged[at] ^= (byte) (1 << at % 8);
        Throwable problem = catchThrowable(() -> read(name, damaged));
        if (problem != null) {
          assertThat(problem)
              .as("%s, byte %d", name, at)
              .isInstanceOf(IOException.class)
              .hasMessageContaining(name)
              .hasMessageNotContaining("secret")
              .hasMessageNotContaining(IN_HEXADECIMAL);
        }
      }
    }
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zipped = new GZIPOutputStream(out)) {
      zipped.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return out.toByteArray();
  }

  private static byte[] together(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  @Test
  void noPartOfAFileOfGzipIsPassedOver() throws Exception {
    String line = "{\"n\": 1, \"text\": \"" + "x".repeat(1 << 17) + "\"}\n";
    byte[] member = gzip(line);
    byte[] short1 = gzip("{\"n\": 1, \"text\": \"a\"}\n");
    assertThat(read("a.json.gz", together(member, together(short1, member)))).hasSize(3);
    for (byte[] first : List.of(member, short1)) {
      byte[] both = together(first, short1);
      for (int length = first.length + 1; length < both.length; length++) {
        byte[] cut = Arrays.copyOf(both, length);
        assertThatThrownBy(() -> read("a.json.gz", cut))
            .as("%d of %d bytes", length, both.length)
            .isInstanceOf(IOException.class)
            .hasMessageContaining("a.json.gz");
      }
      both[first.length] ^= 1; // the second member no longer looks like one
      assertThatThrownBy(() -> read("a.json.gz", both))
          .hasMessageContaining("a.json.gz")
          .hasMessageContaining("what stands behind a part of it is no other part of gzip");
    }
  }

  @Test
  void aCodecOfAvroWhoseLibraryIsNotThereIsToldAsThat() throws Exception {
    byte[] file = write("a.avro", AvroFiles.of(TYPE, "", "", "deflate", "t"));
    String latin = new String(file, StandardCharsets.ISO_8859_1);
    // The name of the codec, with its length before it, in zigzag.
    String other = latin.replace("\u000edeflate", "\u0004xz");
    assertThat(other).isNotEqualTo(latin);
    assertThatThrownBy(() -> read("a.avro", other.getBytes(StandardCharsets.ISO_8859_1)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a.avro")
        .hasMessageContaining("compressed by a codec of Avro that is not read");
  }

  @Test
  void whatTheFileSystemSaysOfAFileOfOrcIsNotTakenForItsContent() throws Exception {
    write("a.orc", written().get("a.orc"));
    Path path = new Path(directory.resolve("a.orc").toUri());
    Path missing = new Path(directory.resolve("b.orc").toUri());
    FilePart part = new FilePart(path.getFileSystem().open(path), missing, 0, 1, 1, -1);
    assertThatThrownBy(() -> new OrcRecords().open(part, Shape.of(TYPE), Set.of()))
        .isInstanceOf(FileNotFoundException.class)
        .hasMessageContaining("b.orc");
  }
}
