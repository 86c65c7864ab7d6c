// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobInfo;
import org.apache.flink.api.common.JobInfoImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.connector.base.sink.writer.TestSinkInitContext;
import org.apache.flink.connector.file.sink.FileSinkCommittable;
import org.apache.flink.connector.file.sink.writer.FileWriterBucketState;
import org.apache.flink.core.io.SimpleVersionedSerialization;
import org.apache.flink.types.Row;
import org.flinksec.json.JsonRows;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A writer and its committer, called as Flink calls them, killed at each step and restored from the
 * last complete checkpoint, as another run or as the same one.
 */
class KilledAtEachStepTest {
  private static final TypeInformation<Row> TYPE =
      Types.ROW_NAMED(new String[] {"n", "p"}, Types.LONG, Types.STRING);
  private static final long ROWS = 24;
  private static final int BETWEEN_CHECKPOINTS = 6;

  @TempDir java.nio.file.Path directory;

  /** What a checkpoint has: how far the source was, the writer's state, and what to commit. */
  private record Checkpoint(long next, List<byte[]> writer, List<byte[]> committables) {}

  private static final class KilledException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Kills at the step of a number. */
  private static final class Steps {
    private int left;

    Steps(int left) {
      this.left = left;
    }

    void step() {
      if (left-- == 0) {
        throw new KilledException();
      }
    }
  }

  private static final class Context extends TestSinkInitContext {
    private final JobID run;

    Context(JobID run) {
      this.run = run;
    }

    @Override
    public JobInfo getJobInfo() {
      return new JobInfoImpl(run, "job");
    }
  }

  private DirectorySink sink(long size) {
    return new DirectorySink(
        directory.toUri().toString(),
        LineFiles.of(TYPE, JsonRows.encoder(), true, "none", "t"),
        Partitions.of(TYPE, List.of("=p=", "{p"), "t"),
        new Rolling(size, 0, 0),
        ".json",
        "0123abcd");
  }

  /** Runs from a checkpoint on; the last complete one is what is left in the list. */
  @SuppressWarnings("unchecked") // the sink's writer is both
  private void run(DirectorySink sink, JobID run, List<Checkpoint> complete, Steps steps)
      throws Exception {
    Checkpoint from = complete.get(complete.size() - 1);
    List<FileWriterBucketState> states = new ArrayList<>();
    for (byte[] state : from.writer()) {
      states.add(
          SimpleVersionedSerialization.readVersionAndDeSerialize(
              sink.getWriterStateSerializer(), state));
    }
    Committer<FileSinkCommittable> committer = sink.createCommitter(null);
    commit(sink, committer, from.committables(), steps);
    StatefulSinkWriter<Object, FileWriterBucketState> writer =
        sink.restoreWriter(new Context(run), states);
    var committing = (CommittingSinkWriter<Object, FileSinkCommittable>) writer;
    for (long n = from.next(); n <= ROWS; n++) {
      boolean isEnd = n == ROWS;
      if (isEnd || n > from.next() && n % BETWEEN_CHECKPOINTS == 0) {
        steps.step();
        writer.flush(isEnd);
        steps.step();
        List<byte[]> toCommit = new ArrayList<>();
        for (FileSinkCommittable each : committing.prepareCommit()) {
          toCommit.add(
              SimpleVersionedSerialization.writeVersionAndSerialize(
                  sink.getCommittableSerializer(), each));
        }
        steps.step();
        List<byte[]> state = new ArrayList<>();
        for (FileWriterBucketState each : writer.snapshotState(n)) {
          state.add(
              SimpleVersionedSerialization.writeVersionAndSerialize(
                  sink.getWriterStateSerializer(), each));
        }
        steps.step();
        complete.add(new Checkpoint(n, state, toCommit));
        steps.step();
        commit(sink, committer, toCommit, steps);
      }
      if (!isEnd) {
        writer.write(Row.of(n, "p" + n % 2), new NoTime());
        steps.step();
      }
    }
    writer.close();
    committer.close();
  }

  private static void commit(
      DirectorySink sink, Committer<FileSinkCommittable> committer, List<byte[]> all, Steps steps)
      throws IOException, InterruptedException {
    for (byte[] each : all) {
      committer.commit(
          List.of(
              new Request(
                  SimpleVersionedSerialization.readVersionAndDeSerialize(
                      sink.getCommittableSerializer(), each))));
      steps.step();
    }
  }

  private List<java.nio.file.Path> files() throws IOException {
    return FilesBelow.of(directory);
  }

  private List<Long> visible() throws IOException {
    List<Long> numbers = new ArrayList<>();
    for (java.nio.file.Path file : files()) {
      if (file.getFileName().toString().startsWith("part-")) {
        for (String line : Files.readAllLines(file)) {
          numbers.add(Long.valueOf(line.replaceAll("\\D*(\\d+),.*", "$1")));
          assertThat(line).as("a whole line").endsWith("}");
        }
      }
    }
    return numbers.stream().sorted().toList();
  }

  private void clear() throws IOException {
    for (java.nio.file.Path file : files()) {
      Files.delete(file);
    }
  }

  /** The number of steps before a run that nothing kills ends. */
  private int killedAtEach(long size, boolean anotherRun, int twice) throws Exception {
    List<Long> expected = LongStream.range(0, ROWS).boxed().toList();
    for (int at = 0; ; at++) {
      DirectorySink sink = sink(size);
      List<Checkpoint> complete = new ArrayList<>(List.of(new Checkpoint(0, List.of(), List.of())));
      JobID run = new JobID();
      boolean isKilled = false;
      for (int kill : new int[] {at, twice, Integer.MAX_VALUE}) {
        try {
          run(sink, run, complete, new Steps(kill));
          break;
        } catch (KilledException e) {
          isKilled = true;
          List.copyOf(Leftovers.LIVE.values()).forEach(Leftovers::close); // with its JVM
          List<Long> found = visible();
          assertThat(found).as("killed at %d", at).doesNotHaveDuplicates();
          run = anotherRun ? new JobID() : run;
        }
      }
      assertThat(visible()).as("killed at %d, then %d", at, twice).isEqualTo(expected);
      assertThat(files())
          .as("killed at %d, then %d", at, twice)
          .allMatch(file -> file.getFileName().toString().startsWith("part-"));
      clear();
      if (!isKilled) {
        return at;
      }
    }
  }

  @Test
  void eachRowIsVisibleOnceInWholeFilesAndNothingElseIsLeft() throws Exception {
    for (boolean anotherRun : new boolean[] {true, false}) {
      for (long size : new long[] {0, 40}) {
        for (int twice : new int[] {Integer.MAX_VALUE, 1, 3, 11}) {
          assertThat(killedAtEach(size, anotherRun, twice)).isGreaterThan(40);
        }
      }
    }
  }

  /** Kills a run when its second checkpoint is complete, and none of its files are visible. */
  private List<Checkpoint> killedBeforeTheSecondCommit() throws Exception {
    for (int at = 0; ; at++) {
      clear();
      List<Checkpoint> complete = new ArrayList<>(List.of(new Checkpoint(0, List.of(), List.of())));
      try {
        run(sink(0), new JobID(), complete, new Steps(at));
      } catch (KilledException e) {
        List.copyOf(Leftovers.LIVE.values()).forEach(Leftovers::close);
      }
      if (complete.size() == 3) {
        return complete;
      }
    }
  }

  private void runFrom(DirectorySink sink, Checkpoint from) throws Exception {
    try {
      run(sink, new JobID(), new ArrayList<>(List.of(from)), new Steps(Integer.MAX_VALUE));
    } finally {
      List.copyOf(Leftovers.LIVE.values()).forEach(Leftovers::close);
    }
  }

  @Test
  void aSavepointWhoseFilesAnotherRunHasRemovedIsRefusedSinceItsRowsMayBeMissing()
      throws Exception {
    List<Checkpoint> complete = killedBeforeTheSecondCommit();
    Checkpoint savepoint = complete.get(2);
    runFrom(sink(0), complete.get(1)); // as if the savepoint were none of its checkpoints
    assertThatThrownBy(() -> runFrom(sink(0), savepoint))
        .isInstanceOf(IOException.class)
        .hasMessageMatching(
            "the file /\\S*/p=p[01]/part-\\S+\\.json, which the job's state is to make visible, is"
                + " neither there nor left unfinished: its rows may be missing");
    runFrom(sink(0).acceptMissing(), savepoint);
  }

  @Test
  void aSavepointOfFilesThatAreFinishedByNowOrStillUnfinishedIsGoneOnFrom() throws Exception {
    for (boolean isCommitted : new boolean[] {true, false}) {
      List<Checkpoint> complete = killedBeforeTheSecondCommit();
      Checkpoint savepoint = complete.get(2);
      if (isCommitted) {
        commit(
            sink(0),
            sink(0).createCommitter(null),
            savepoint.committables(),
            new Steps(Integer.MAX_VALUE));
      }
      runFrom(sink(0), savepoint);
      assertThat(visible()).isEqualTo(LongStream.range(0, ROWS).boxed().toList());
    }
  }

  private static final class NoTime implements SinkWriter.Context {
    @Override
    public long currentWatermark() {
      return Long.MIN_VALUE;
    }

    @Override
    public Long timestamp() {
      return null;
    }
  }

  private record Request(FileSinkCommittable getCommittable)
      implements Committer.CommitRequest<FileSinkCommittable> {
    @Override
    public int getNumberOfRetries() {
      return 0;
    }

    @Override
    public void signalFailedWithKnownReason(Throwable t) {
      throw new AssertionError(t);
    }

    @Override
    public void signalFailedWithUnknownReason(Throwable t) {
      throw new AssertionError(t);
    }

    @Override
    public void retryLater() {
      throw new AssertionError("nothing is committed later");
    }

    @Override
    public void updateAndRetryLater(FileSinkCommittable committable) {
      throw new AssertionError("nothing is committed later");
    }

    @Override
    public void signalAlreadyCommitted() {}
  }
}
