// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
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
import org.flinksec.files.LineFiles;
import org.flinksec.formats.UnwritableRowException;
import org.flinksec.formats.csv.CsvDecoder;
import org.flinksec.formats.csv.CsvEncoder;
import org.flinksec.formats.csv.CsvForm;
import org.flinksec.json.JsonRows;
import org.flinksec.rows.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written as lines is read as it was, whatever ends, quotes and marks its texts hold. */
class TextsInLinesTest {
  private static final int FILES = 300;
  private static final TypeInformation<Row> TYPE =
      Types.ROW_NAMED(new String[] {"a", "b"}, Types.STRING, Types.STRING);
  private static final List<String> PARTS =
      List.of(
          "x",
          "\r",
          "\n",
          "\"",
          "'",
          ",",
          ";",
          "\\",
          "\ufeff",
          " ",
          "\t",
          "é",
          "\ud83d\ude00",
          "\u2028",
          "-",
          "\0",
          "NULL");

  @TempDir java.nio.file.Path directory;

  /** How lines are written and read. */
  private record Form(BulkWriter.Factory<Object> written, RecordFiles read) {}

  private static Form csv(String delimiter, String quote, String escape, String nullText) {
    CsvForm form = CsvForm.of(delimiter, quote, escape, nullText);
    return new Form(
        LineFiles.of(TYPE, CsvEncoder.factory(form, List.of()), true, "none", "t"),
        LineRecords.ofColumns(
            CsvDecoder.factory(form, List.of()), LineCut.of(delimiter, quote, escape)));
  }

  private static String text(Random random) {
    if (random.nextInt(8) == 0) {
      return null;
    }
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(4); i > 0; i--) {
      text.append(PARTS.get(random.nextInt(PARTS.size())));
    }
    return text.toString();
  }

  private List<Row> written(Path path, Form form, Random random) throws IOException {
    List<Row> rows = new ArrayList<>();
    try (FSDataOutputStream out =
        path.getFileSystem().create(path, FileSystem.WriteMode.OVERWRITE)) {
      BulkWriter<Object> writer = form.written().create(out);
      for (int i = random.nextInt(3); i >= 0; i--) {
        Row row = Row.of(text(random), text(random));
        try {
          writer.addElement(row);
          rows.add(row);
        } catch (UnwritableRowException e) {
          assertThat(e).hasMessageContaining("nothing is quoted");
        }
      }
      writer.flush();
      writer.finish();
    }
    return rows;
  }

  private List<Object> read(Path path, Form form) throws IOException {
    FileReading said = FileReading.of(directory.toUri().toString(), Shape.of(TYPE));
    said.build(form.read());
    RowsOfFiles rows = new RowsOfFiles(said, new SimpleCounter());
    List<Object> found = new ArrayList<>();
    for (FileSourceSplit split :
        new DirectoryEnumerator(form.read(), true, 0).enumerateSplits(new Path[] {path}, 1)) {
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
  void eachTextIsReadAsItWasWritten() throws Exception {
    Map<String, Form> forms = new LinkedHashMap<>();
    forms.put(
        "json",
        new Form(
            LineFiles.of(TYPE, JsonRows.encoder(), true, "none", "t"),
            LineRecords.of(JsonRows.decoder(), true)));
    forms.put("quotes", csv(",", "\"", "", ""));
    forms.put("quotes and escapes", csv(";", "'", "\\", "NULL"));
    forms.put("escapes", csv(",", "", "\\", "-"));
    Path path = new Path(directory.resolve("lines").toUri());
    for (var form : forms.entrySet()) {
      Random random = new Random(1);
      for (int i = 0; i < FILES; i++) {
        List<Row> rows = written(path, form.getValue(), random);
        assertThat(read(path, form.getValue())).as(form.getKey()).isEqualTo(rows);
      }
    }
  }
}
