// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.core.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which unfinished files are removed, and when. */
class LeftoversTest {
  private static final String UNFINISHED = ".inprogress.0b5e7d1c-4f6d-4d0e-9d51-7fb5ae1b6d0e";

  @TempDir java.nio.file.Path directory;

  private static String unfinished(String owner, int index, String start) {
    return ".part-%s-%d-%s-uid-0.parquet".formatted(owner, index, start) + UNFINISHED;
  }

  private List<String> files() throws IOException {
    try (Stream<java.nio.file.Path> found = Files.walk(directory)) {
      return found
          .filter(Files::isRegularFile)
          .map(p -> p.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void whatEarlierStartsLeftIsRemovedOnceAFileOfThisStartIsCommitted() throws Exception {
    Leftovers first = new Leftovers(new Path(directory.toUri()), "aaaaaaaa", 1, 2, "11111111");
    java.nio.file.Path day = Files.createDirectories(directory.resolve("day=2024-12-30"));
    List<String> kept =
        Stream.of(
                unfinished("aaaaaaaa", 1, "11111111"), // of this start
                unfinished("aaaaaaaa", 0, "22222222"), // of another writer
                unfinished("aaaaaaaa", 2, "22222222"), // which removes those of a third one, too
                unfinished("bbbbbbbb", 1, "22222222"), // of another sink
                "part-aaaaaaaa-1-22222222-uid-0.parquet", // finished
                ".part-0" + UNFINISHED, // of something else
                "_SUCCESS")
            .sorted()
            .toList();
    for (String name : kept) {
      Files.createFile(day.resolve(name));
    }
    Files.createFile(day.resolve(unfinished("aaaaaaaa", 1, "22222222")));
    Files.createFile(directory.resolve(unfinished("aaaaaaaa", 3, "33333333")));

    Leftovers.committed("part-aaaaaaaa-1-22222222-uid-0.parquet"); // what a checkpoint had left
    Leftovers.committed("anything");
    assertThat(files()).hasSize(kept.size() + 2);
    Leftovers.committed(first.prefix() + "-uid-0.parquet");
    first.close();
    assertThat(files()).isEqualTo(kept);
  }
}
