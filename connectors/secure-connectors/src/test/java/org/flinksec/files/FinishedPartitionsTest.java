// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.connector.file.sink.FileSinkCommittable;
import org.apache.flink.core.fs.Path;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableWithLineage;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.InProgressFileWriter;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.TwoInputStreamOperatorTestHarness;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a partition is marked, step by step, in Flink's harness of operators. */
class FinishedPartitionsTest {
  private static final List<String> DAYS = List.of("=day=", "{:%Y-%m-%d");
  private static final String DAY = "day=2024-12-30";
  private static final String OWNER = "0a1b2c3d";
  private static final long END = 1_735_603_200_000L; // 2024-12-31T00:00Z

  @TempDir java.nio.file.Path directory;
  private TwoInputStreamOperatorTestHarness<
          CommittableMessage<FileSinkCommittable>, CommittableMessage<FileSinkCommittable>, Void>
      harness;

  private record Pending(Path path) implements InProgressFileWriter.PendingFileRecoverable {
    @Override
    public Path getPath() {
      return path;
    }

    @Override
    public long getSize() {
      return 1;
    }
  }

  @BeforeEach
  void open() throws Exception {
    open(null);
  }

  private void open(OperatorSubtaskState state) throws Exception {
    open(state, null);
  }

  private void open(OperatorSubtaskState state, String owner) throws Exception {
    harness =
        new TwoInputStreamOperatorTestHarness<>(
            new FinishedPartitions(
                directory.toUri().toString(), new PartitionEnds(DAYS, 0), "_SUCCESS", true, owner));
    if (state != null) {
      harness.initializeState(state);
    }
    harness.open();
  }

  private StreamRecord<CommittableMessage<FileSinkCommittable>> file(String name) {
    Path path = new Path(directory.resolve(DAY).resolve(name).toUri());
    return new StreamRecord<>(
        new CommittableWithLineage<>(new FileSinkCommittable(DAY, new Pending(path)), 1, 0));
  }

  private void watermark(long time) throws Exception {
    harness.processWatermark1(new Watermark(time));
    harness.processWatermark2(new Watermark(time));
  }

  private OperatorSubtaskState checkpoint(long number) throws Exception {
    OperatorSubtaskState state = harness.snapshot(number, number);
    harness.notifyOfCompletedCheckpoint(number);
    return state;
  }

  private boolean isMarked() {
    return Files.exists(directory.resolve(DAY).resolve("_SUCCESS"));
  }

  @Test
  void itIsMarkedWithTheCheckpointAtWhichItsTimeIsOverAndItsFilesAreSeen() throws Exception {
    harness.processElement1(file("part-1"));
    watermark(END - 1);
    checkpoint(1);
    harness.processElement2(file("part-1"));
    harness.processElement1(file("part-2"));
    watermark(END);
    checkpoint(2);
    assertThat(isMarked()).isFalse(); // part-2 is not seen
    harness.processElement2(file("part-2"));
    assertThat(isMarked()).isTrue();
  }

  @Test
  void aWatermarkThatNoCheckpointCoversMarksNothing() throws Exception {
    harness.processElement1(file("part-1"));
    checkpoint(1);
    harness.processElement2(file("part-1"));
    watermark(END);
    harness.snapshot(2, 2);
    assertThat(isMarked()).isFalse(); // nor one that is not complete
    harness.notifyOfCompletedCheckpoint(2);
    assertThat(isMarked()).isTrue();
  }

  @Test
  void theSlowerOfBothWatermarksCounts() throws Exception {
    harness.processElement1(file("part-1"));
    harness.processWatermark1(new Watermark(END));
    checkpoint(1);
    harness.processElement2(file("part-1"));
    assertThat(isMarked()).isFalse();
  }

  @Test
  void whatACheckpointLeftIsMarkedAfterARestart() throws Exception {
    harness.processElement1(file("part-1"));
    harness.processElement1(file("part-2"));
    watermark(END);
    OperatorSubtaskState state = checkpoint(1);
    harness.processElement2(file("part-1"));
    harness.close();
    open(state);
    harness.processElement2(file("part-1")); // committers say all again
    assertThat(isMarked()).isFalse();
    harness.processElement2(file("part-2"));
    assertThat(isMarked()).isTrue();
  }

  @Test
  void aFileThatComesLateIsToldByANewMark() throws Exception {
    harness.processElement1(file("part-1"));
    watermark(END);
    checkpoint(1);
    harness.processElement2(file("part-1"));
    Files.delete(directory.resolve(DAY).resolve("_SUCCESS"));
    checkpoint(2);
    assertThat(isMarked()).isFalse(); // it is not written for nothing
    harness.processElement1(file("part-3"));
    checkpoint(3);
    assertThat(isMarked()).isFalse();
    harness.processElement2(file("part-3"));
    assertThat(isMarked()).isTrue();
  }

  private java.nio.file.Path hidden(String writer, String rest) throws Exception {
    java.nio.file.Path day = Files.createDirectories(directory.resolve(DAY));
    return Files.createFile(day.resolve(".part-%s-0-%s-0.json%s".formatted(OWNER, writer, rest)));
  }

  @Test
  void whatAWriterBeganBetweenACheckpointAndTheListOfLeftoversIsNoLeftover() throws Exception {
    harness.close();
    java.nio.file.Path dead = hidden("0123456789abcdef", "");
    java.nio.file.Path unfinished = hidden("0123456789abcdef", ".inprogress.1a");
    java.nio.file.Path alive = hidden("fedcba9876543210", ".inprogress.1b");
    open(null, OWNER);
    listed();
    // These two had passed the writer before it began its file, and were on their way to here.
    checkpoint(1);
    checkpoint(2);
    assertThat(alive).exists();
    harness.processElement1(file(".part-%s-0-fedcba9876543210-0.json".formatted(OWNER)));
    checkpoint(3);
    checkpoint(4);
    assertThat(alive).exists();
    assertThat(dead).doesNotExist();
    assertThat(unfinished).doesNotExist();
  }

  @Test
  void leftoversAreRemovedWithTheLastCheckpointOfAShortRun() throws Exception {
    harness.close();
    java.nio.file.Path dead = hidden("0123456789abcdef", "");
    open(null, OWNER);
    listed();
    end();
    checkpoint(1);
    assertThat(dead).doesNotExist();
  }

  /** Waits for the thread that lists them. */
  private static void listed() throws InterruptedException {
    for (Thread each : Thread.getAllStackTraces().keySet()) {
      if (each.getName().startsWith("leftovers of ")) {
        each.join();
      }
    }
  }

  @Test
  void theEndOfTheInputMarksAllAlsoWhereNoLastWatermarkCame() throws Exception {
    harness.processElement1(file("part-1"));
    harness.processElement2(file("part-1"));
    end();
    assertThat(isMarked()).isFalse();
    checkpoint(1);
    assertThat(isMarked()).isTrue();
  }

  private void end() throws Exception {
    harness.endInput1();
    harness.endInput2();
    harness.getOperator().finish();
  }

  @Test
  void rowsThatComeLateAreCounted() {
    SimpleCounter late = new SimpleCounter();
    Partitions partitions =
        Partitions.of(Types.ROW_NAMED(new String[] {"n"}, Types.LONG), DAYS, "x");
    LateRows rows = new LateRows(partitions, new PartitionEnds(DAYS, 1_000), late, "x");
    for (long watermark : new long[] {Long.MIN_VALUE, END, END + 999, END + 1_000, END + 5_000}) {
      BucketAssigner.Context context =
          new BucketAssigner.Context() {
            @Override
            public long currentProcessingTime() {
              return 0;
            }

            @Override
            public long currentWatermark() {
              return watermark;
            }

            @Override
            public Long timestamp() {
              return END - 1;
            }
          };
      assertThat(rows.getBucketId(Row.of(1L), context)).isEqualTo(DAY);
    }
    assertThat(late.getCount()).isEqualTo(2);
  }
}
