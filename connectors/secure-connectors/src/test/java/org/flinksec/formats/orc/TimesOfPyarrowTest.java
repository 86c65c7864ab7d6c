// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.orc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.fs.Path;
import org.apache.flink.types.Row;
import org.flinksec.files.reading.FilePart;
import org.flinksec.files.reading.RecordFile;
import org.flinksec.rows.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** pyarrow stores times before 1970 in another way than Java's writer. */
class TimesOfPyarrowTest {
  /** A file of pyarrow 16.1, {@code pa.timestamp("us", "UTC")} by {@code write_table}. */
  private static final String WRITTEN =
      "T1JDEQAACgYSBAgGUAA/AAAKHQoGAAAAAAAAEhMIBkoNGJfY5qLioBwguBcwAVAAQQAAeAUAqUkcEwCpSRv/AKlJ"
          + "G/8AqUkcAR2YbQn9AKlJG/1SAAAotS/9IDIFAQCofgX/3//6/4XuCgD/3wAAAAAAAAAvBRAAQySxeOBhCGMAAAoG"
          + "CAYQABgLCgYIBhABGCIKBggBEAEYIwoGCAUQARgsEgQIABAAEgQIAhAAGgNHTVQ7AAAKGwoECAZQAAoTCAZKDRiX"
          + "2Oai4qAcILgXMAFQAKsAAAgDELABGgoIAxAtGE8gNCgGIg8IDBIBARoCYXQgACgAMAAiCAgSIAAoADAAMAY6BAgG"
          + "UAA6EwgGSg0Yl9jmouKgHCC4FzABUABAkE5IAWIFMi4wLjAIWBAFGICABCICAAwoIDAGgvQDA09SQxc=";

  @TempDir java.nio.file.Path directory;

  @Test
  void eachTimeIsTheOneThatPyarrowWrote() throws Exception {
    TypeInformation<Row> type = Types.ROW_NAMED(new String[] {"at"}, Types.INSTANT);
    byte[] content = Base64.getDecoder().decode(WRITTEN);
    Path path = new Path(Files.write(directory.resolve("a.orc"), content).toUri());
    long size = content.length;
    List<Object> found = new ArrayList<>();
    FilePart whole = new FilePart(path.getFileSystem().open(path), path, 0, size, size, -1);
    try (RecordFile file = new OrcRecords().open(whole, Shape.of(type), Set.of())) {
      while (file.next()) {
        found.add(file.row().getField(0));
      }
    }
    assertThat(found)
        .containsExactly(
            Instant.parse("1969-12-31T23:59:49.500Z"),
            Instant.parse("1969-12-31T23:59:59.999999Z"),
            Instant.parse("1969-12-31T23:59:59.000001Z"),
            Instant.parse("1969-12-31T23:59:59Z"),
            Instant.parse("0001-01-01T00:00:00.500Z"),
            Instant.parse("1970-01-01T00:00:01.500Z"));
  }
}
