// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.types.Row;
import org.flinksec.formats.raw.RawEncoder;
import org.flinksec.formats.raw.RawForm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What readers see, whenever they look, of a job whose tasks fail and whose compaction fails. */
class CompletingSinkTest {
  private static final int ROWS = 4_000;
  private static final long ROW_MILLIS = 60_000;
  private static final String MARKER = "_SUCCESS";
  private static final List<String> DAYS = List.of("=day=", "{:%Y/%m-%d");
  private static final TypeInformation<Row> TEXT =
      Types.ROW_NAMED(new String[] {"text"}, Types.STRING);

  /** How often something has failed, which a restart does not forget. */
  private static final AtomicInteger FAILED = new AtomicInteger();

  /** How many files larger ones were made of. */
  private static final AtomicInteger MERGED = new AtomicInteger();

  @TempDir java.nio.file.Path directory;

  private static String day(int n) {
    // With a percent sign in it, as there is in many names.
    return "day="
        + DateTimeFormatter.ofPattern("yyyy'%2F'MM-dd")
            .format(LocalDate.ofEpochDay(n * ROW_MILLIS / 86_400_000));
  }

  /** Fails now and then, and gives checkpoints time. */
  private static final class Slowly implements MapFunction<Long, Object> {
    private static final long serialVersionUID = 1L;
    private final boolean fails;

    Slowly(boolean fails) {
      this.fails = fails;
    }

    @Override
    public Object map(Long n) throws Exception {
      Thread.sleep(n % 4 == 0 ? 4 : 0);
      if (fails && n == 1_000L && FAILED.compareAndSet(0, 1)) {
        throw new IOException("the first failure");
      }
      if (fails && n % 2_000 > 1_600 && FAILED.compareAndSet(2, 3)) {
        throw new IOException("the last failure");
      }
      return Row.of(String.valueOf(n));
    }
  }

  /** Fails in the middle of a file, once, and leaves that behind. */
  private static final class FailingOnce implements BulkWriter.Factory<Path> {
    private static final long serialVersionUID = 1L;

    @Override
    public BulkWriter<Path> create(FSDataOutputStream file) throws IOException {
      BulkWriter<Path> merged = LineFiles.merged("none").create(file);
      return new BulkWriter<>() {
        @Override
        public void addElement(Path path) throws IOException {
          merged.addElement(path);
          MERGED.incrementAndGet();
          if (FAILED.compareAndSet(1, 2)) {
            throw new IOException("a failure within a compaction");
          }
        }

        @Override
        public void flush() throws IOException {
          merged.flush();
        }

        @Override
        public void finish() throws IOException {
          merged.finish();
        }
      };
    }
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static TypeInformation<Object> rows() {
    return (TypeInformation) TEXT;
  }

  private JobClient start(boolean checkpoints, boolean compacts, boolean fails) throws Exception {
    Configuration options = new Configuration();
    options.setString("restart-strategy.type", "fixed-delay");
    options.setString("restart-strategy.fixed-delay.attempts", fails ? "10" : "0");
    options.setString("restart-strategy.fixed-delay.delay", "10 ms");
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(2, options);
    if (checkpoints) {
      env.enableCheckpointing(80);
    }
    CompletingSink sink =
        new CompletingSink(
            directory.toUri().toString(),
            LineFiles.of(TEXT, RawEncoder.factory(new RawForm(false, 8, 8)), false, "none", "x"),
            Partitions.of(TEXT, DAYS, "x"),
            new Rolling(0, 0, 0),
            ".txt",
            "aaaaaaaa",
            compacts ? new CompletingSink.Merging(new FailingOnce(), 4_000, 4) : null,
            new PartitionEnds(DAYS, 0),
            MARKER);
    env.fromSequence(0, ROWS - 1)
        .assignTimestampsAndWatermarks(
            WatermarkStrategy.<Long>forBoundedOutOfOrderness(Duration.ofHours(1))
                .withTimestampAssigner((n, at) -> n * ROW_MILLIS))
        .map(new Slowly(fails))
        .returns(rows())
        .sinkTo(sink)
        .uid("files");
    FAILED.set(0);
    MERGED.set(0);
    return env.executeAsync();
  }

  private List<java.nio.file.Path> files() {
    try {
      return FilesBelow.of(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isHidden(java.nio.file.Path file) {
    return file.getFileName().toString().startsWith(".");
  }

  /** Reads what is visible: whole lines, each row once, in its partition; all of marked ones. */
  private Set<Integer> look() throws IOException {
    List<java.nio.file.Path> found = files();
    Set<String> marked = new HashSet<>();
    Map<String, Integer> counts = new HashMap<>();
    Set<Integer> rows = new HashSet<>();
    for (java.nio.file.Path file : found) {
      String day = file.getParent().getFileName().toString();
      if (file.getFileName().toString().equals(MARKER)) {
        marked.add(day);
      }
    }
    // What was listed before a mark was seen may have been less.
    for (java.nio.file.Path file : marked.isEmpty() ? found : files()) {
      String name = file.getFileName().toString();
      if (isHidden(file) || name.equals(MARKER)) {
        continue;
      }
      String day = file.getParent().getFileName().toString();
      String text = Files.readString(file, StandardCharsets.UTF_8);
      assertThat(text).endsWith("\n");
      for (String line : text.lines().toList()) {
        int n = Integer.parseInt(line);
        assertThat(day(n)).isEqualTo(day);
        assertThat(rows.add(n)).as("row %d is there once", n).isTrue();
        counts.merge(day, 1, Integer::sum);
      }
    }
    for (String day : marked) {
      assertThat(counts.get(day)).as(day).isEqualTo(expected(day));
    }
    return rows;
  }

  private static int expected(String day) {
    int rows = 0;
    for (int n = 0; n < ROWS; n++) {
      rows += day(n).equals(day) ? 1 : 0;
    }
    return rows;
  }

  private int markers() {
    return (int) files().stream().filter(file -> file.endsWith(MARKER)).count();
  }

  private int marksBeforeTheEnd(JobClient job) throws Exception {
    int most = 0;
    CompletableFuture<JobExecutionResult> end = job.getJobExecutionResult();
    while (!end.isDone()) {
      try {
        if (look().size() < ROWS) {
          most = Math.max(most, markers());
        }
      } catch (NoSuchFileException e) {
        throw new AssertionError("a file that readers saw went away", e);
      }
      Thread.sleep(20);
    }
    end.get();
    return most;
  }

  private void assertAllIsThere() throws IOException {
    assertThat(look()).hasSize(ROWS);
    assertThat(markers()).isEqualTo(3);
    assertThat(files().stream().filter(CompletingSinkTest::isHidden).toList()).isEmpty();
  }

  @Test
  void readersSeeEachRowOnceAndWholePartitionsMarkedThoughTasksAndACompactionFail()
      throws Exception {
    JobClient job = start(true, true, true);
    marksBeforeTheEnd(job);
    assertThat(FAILED.get()).isEqualTo(3);
    assertAllIsThere();
    List<java.nio.file.Path> compacted =
        files().stream().filter(file -> file.toString().contains("compacted-part-")).toList();
    // How many checkpoints there were is up to the machine.
    assertThat(compacted).hasSizeBetween(3, MERGED.get() / 2);
    assertThat(files()).hasSize(compacted.size() + 3);
  }

  @Test
  void aPartitionIsMarkedBeforeTheJobEndsAndEveryOneByThen() throws Exception {
    JobClient job = start(true, false, false);
    assertThat(marksBeforeTheEnd(job)).isPositive();
    assertAllIsThere();
  }

  @Test
  void aJobWithoutCheckpointsMarksAndCompactsAtItsEnd() throws Exception {
    JobClient job = start(false, true, false);
    marksBeforeTheEnd(job);
    assertAllIsThere();
    // Of a day that two writers had, one file may have been large enough alone.
    assertThat(files()).hasSizeBetween(3 + 3, 3 + 4);
  }
}
