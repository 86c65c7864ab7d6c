// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.types.Row;
import org.flinksec.formats.raw.RawEncoder;
import org.flinksec.formats.raw.RawForm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is visible of a job that was stopped with a savepoint, or went on after one. */
class SavepointsTest {
  private static final long ROWS = 2_000;
  private static final TypeInformation<Row> TEXT =
      Types.ROW_NAMED(new String[] {"text"}, Types.STRING);

  /** Whether rows go by as fast as they can. */
  private static final AtomicBoolean FAST = new AtomicBoolean();

  @TempDir java.nio.file.Path directory;

  private static final class Slowly implements MapFunction<Long, Object> {
    private static final long serialVersionUID = 1L;

    @Override
    public Object map(Long n) throws Exception {
      Thread.sleep(FAST.get() ? 0 : 2);
      return Row.of(String.valueOf(n));
    }
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static TypeInformation<Object> rows() {
    return (TypeInformation) TEXT;
  }

  private JobClient start(String savepoint, int parallelism, boolean compacts) throws Exception {
    FAST.set(!savepoint.isEmpty());
    Configuration options = new Configuration();
    options.setString("restart-strategy.type", "none");
    if (!savepoint.isEmpty()) {
      options.setString("execution.state-recovery.path", savepoint);
    }
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.createLocalEnvironment(parallelism, options);
    env.enableCheckpointing(60);
    String data = directory.resolve("data").toUri().toString();
    var files =
        LineFiles.of(TEXT, RawEncoder.factory(new RawForm(false, 8, 8)), false, "none", "x");
    Partitions none = Partitions.none();
    Rolling rolling = new Rolling(0, 0, 0);
    DirectorySink sink =
        compacts
            ? new CompletingSink(
                data,
                files,
                none,
                rolling,
                ".txt",
                "aaaaaaaa",
                new CompletingSink.Merging(LineFiles.merged("none"), 4_000, 4),
                null,
                "")
            : new DirectorySink(data, files, none, rolling, ".txt", "aaaaaaaa");
    env.fromSequence(0, ROWS - 1)
        .uid("numbers")
        .map(new Slowly())
        .returns(rows())
        .uid("texts")
        .sinkTo(sink)
        .uid("files");
    return env.executeAsync();
  }

  private List<java.nio.file.Path> files() throws IOException {
    return FilesBelow.of(directory.resolve("data"));
  }

  private List<Long> visible() throws IOException {
    List<Long> rows = new ArrayList<>();
    for (java.nio.file.Path file : files()) {
      if (!file.getFileName().toString().startsWith(".")) {
        Files.readAllLines(file).forEach(line -> rows.add(Long.valueOf(line)));
      }
    }
    return rows.stream().sorted().toList();
  }

  private void waitForRows(long more) throws Exception {
    long end = System.nanoTime() + 300_000_000_000L;
    while (!Files.isDirectory(directory.resolve("data")) || visible().size() < more) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(10);
    }
  }

  private String saved(boolean stops, JobClient job) throws Exception {
    String target = directory.resolve("savepoints").toUri().toString();
    return stops
        ? job.stopWithSavepoint(false, target, SavepointFormatType.CANONICAL).get()
        : job.triggerSavepoint(target, SavepointFormatType.CANONICAL).get();
  }

  @Test
  void eachRowIsThereOnceAfterAStopWithASavepointAndAnotherParallelism() throws Exception {
    for (boolean compacts : new boolean[] {false, true}) {
      JobClient first = start("", 2, compacts);
      waitForRows(1);
      String savepoint = saved(true, first);
      int before = visible().size();
      assertThat(before).isBetween(1, (int) ROWS - 1);
      start(savepoint, 3, compacts).getJobExecutionResult().get();
      assertThat(visible()).isEqualTo(LongStream.range(0, ROWS).boxed().toList());
      for (java.nio.file.Path file : files()) {
        assertThat(file.getFileName().toString()).doesNotStartWith(".");
        Files.delete(file);
      }
    }
  }

  @Test
  void noRowIsMissingWhereAJobGoesOnFromASavepointAfterWhichItHadWrittenMore() throws Exception {
    JobClient first = start("", 2, false);
    waitForRows(1);
    String savepoint = saved(false, first);
    waitForRows(visible().size() + 100);
    first.cancel().get();
    start(savepoint, 2, false).getJobExecutionResult().get();
    // What came after the savepoint is there twice: nobody can go back in time.
    assertThat(visible().stream().distinct().toList())
        .isEqualTo(LongStream.range(0, ROWS).boxed().toList());
  }

  @Test
  void filesThatAreStillToBeMergedRefuseASinkThatDoesNotMergeAndAreNotLost() throws Exception {
    JobClient first = start("", 1, true);
    waitForRows(1);
    String savepoint = saved(true, first);
    assertThat(files()).anyMatch(file -> file.getFileName().toString().startsWith("."));
    assertThatThrownBy(() -> start(savepoint, 1, false).getJobExecutionResult().get())
        .hasStackTraceContaining("Cannot map checkpoint/savepoint state for operator");
    start(savepoint, 1, true).getJobExecutionResult().get();
    assertThat(visible()).isEqualTo(LongStream.range(0, ROWS).boxed().toList());
  }
}
