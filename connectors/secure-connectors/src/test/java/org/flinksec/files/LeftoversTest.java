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

  private static final String RUN = "99999999";
  private static final String EARLIER = "88888888";

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

  private void create(List<String> names) throws IOException {
    java.nio.file.Path day = Files.createDirectories(directory.resolve("day=2024-12-30"));
    for (String name : names) {
      Files.createFile(day.resolve(name));
    }
  }

  private Leftovers second(int parallelism) {
    return new Leftovers(new Path(directory.toUri()), "aaaaaaaa", 1, parallelism, RUN, "11111111");
  }

  @Test
  void whatEarlierStartsLeftIsRemovedOnceAFileOfThisStartIsCommitted() throws Exception {
    Leftovers writer = second(2);
    String earlier = "part-aaaaaaaa-1-%s22222222-uid-0.parquet".formatted(RUN);
    List<String> kept =
        Stream.of(
                unfinished("aaaaaaaa", 1, RUN + "11111111"), // of this start
                unfinished("aaaaaaaa", 0, RUN + "22222222"), // of another writer
                unfinished("aaaaaaaa", 2, RUN + "22222222"), // which removes those of a third, too
                unfinished("bbbbbbbb", 1, RUN + "22222222"), // of another sink
                earlier, // finished
                ".part-0" + UNFINISHED, // of something else
                "_SUCCESS")
            .sorted()
            .toList();
    create(kept);
    create(List.of(unfinished("aaaaaaaa", 1, RUN + "22222222")));
    Files.createFile(directory.resolve(unfinished("aaaaaaaa", 3, RUN + "33333333")));

    Leftovers.committed(earlier); // what a checkpoint had left
    Leftovers.committed("anything");
    assertThat(files()).hasSize(kept.size() + 2);
    Leftovers.committed(writer.prefix() + "-uid-0.parquet");
    writer.close();
    assertThat(files()).isEqualTo(kept);
  }

  @Test
  void whatAnyWriterOfAnotherRunLeftIsRemovedAsItsNextMayHaveNothingToWrite() throws Exception {
    Leftovers writer = second(3);
    List<String> kept =
        Stream.of(
                unfinished("aaaaaaaa", 2, RUN + "22222222"),
                unfinished("bbbbbbbb", 2, EARLIER + "22222222"),
                "part-aaaaaaaa-2-%s22222222-uid-0.parquet".formatted(EARLIER))
            .sorted()
            .toList();
    create(kept);
    create(
        List.of(
            unfinished("aaaaaaaa", 0, EARLIER + "22222222"),
            unfinished("aaaaaaaa", 1, EARLIER + "11111111"),
            unfinished("aaaaaaaa", 2, EARLIER + "22222222"),
            unfinished("aaaaaaaa", 2, "77777777"))); // named as once, without the run

    Leftovers.committed(writer.prefix() + "-uid-0.parquet");
    writer.close();
    assertThat(files()).isEqualTo(kept);
  }

  @Test
  void aWriterThatIsClosedTouchesNothingThatItsNextStartHasBegun() throws Exception {
    Leftovers writer = second(2);
    writer.close();
    List<String> kept = List.of(unfinished("aaaaaaaa", 1, RUN + "22222222"));
    create(kept);
    writer.remove();
    assertThat(files()).isEqualTo(kept);
  }
}
