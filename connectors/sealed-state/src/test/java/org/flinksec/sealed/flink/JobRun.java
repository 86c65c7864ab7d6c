// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.util.FileUtils;
import org.flinksec.sealed.flink.Canaries.Found;
import org.flinksec.sealed.flink.CanaryJob.Control;
import org.flinksec.sealed.flink.CanaryJob.Place;

/**
 * {@link CanaryJob} on a mini cluster, moved from directory to directory by savepoints.
 *
 * <p>In each directory it makes a checkpoint, loses the directory it came from, fails, goes on from
 * the checkpoint, and ends: in a savepoint, or, in the last one, with its figures.
 */
final class JobRun {
  /** Where state is kept while the job runs, and how it gets into checkpoints. */
  enum Backend {
    HASHMAP("hashmap", false, SavepointFormatType.CANONICAL),
    ROCKSDB("rocksdb", false, SavepointFormatType.NATIVE),
    CHANGELOG("rocksdb", true, SavepointFormatType.CANONICAL);

    private final String type;
    private final boolean changelog;
    private final SavepointFormatType savepoints;

    Backend(String type, boolean changelog, SavepointFormatType savepoints) {
      this.type = type;
      this.changelog = changelog;
      this.savepoints = savepoints;
    }
  }

  private static final int STEP = 200;
  private static final long PATIENCE_SECONDS = 300;
  private static final int SEARCHES = 20;

  private final MiniCluster cluster;
  private final Backend backend;
  private final List<org.apache.flink.core.fs.Path> directories;
  private final long numbers;
  private Path alsoSearched;
  private boolean savepointsLieAhead;
  private Runnable moving = () -> {};
  private final List<Found> found = new ArrayList<>();

  JobRun(MiniCluster cluster, Backend backend, org.apache.flink.core.fs.Path... directories) {
    this.cluster = cluster;
    this.backend = backend;
    this.directories = List.of(directories);
    this.numbers = 2L * STEP * directories.length;
  }

  /** A directory that is searched at the end of the run, beside those of the job. */
  JobRun alsoSearching(Path directory) {
    alsoSearched = directory;
    return this;
  }

  /** What is done between two directories, when the job has left the one and not begun anew. */
  JobRun moving(Runnable action) {
    moving = action;
    return this;
  }

  /** Each savepoint is written into the directory that the job moves to. */
  JobRun withSavepointsAhead() {
    savepointsLieAhead = true;
    return this;
  }

  /** Runs the job through all directories, checks its figures, tells what lay in each of them. */
  List<Found> run() throws Exception {
    Control.reset(numbers);
    String savepoint = null;
    for (int i = 0; i < directories.size(); i++) {
      JobID job = submit(i, savepoint);
      try {
        savepoint = runIn(i, job);
      } finally {
        cancel(job);
      }
      moving.run();
    }
    assertFigures(numbers);
    return found;
  }

  /** Every kind of state holds what so many numbers give. */
  static void assertFigures(long numbers) {
    assertThat(Control.KEYED).isEqualTo(expectedOfKeyedState(numbers));
    assertThat(Control.TIMED.values())
        .hasSize(CanaryJob.KEYS)
        .containsOnly(numbers / CanaryJob.KEYS);
  }

  private String runIn(int index, JobID job) throws Exception {
    await(job, () -> Control.checkpointedTo == Control.limit);
    if (index > 0) {
      FileUtils.deleteDirectory(directory(index - 1).toFile());
    }
    if (index == directories.size() - 1) {
      failAndGoOn(job, numbers - 1);
      // A job that ends well takes its checkpoints away, so the search comes before the end.
      found.add(searchedWhileRunning(directory(index)));
      if (alsoSearched != null) {
        found.add(Canaries.searched(alsoSearched));
      }
      end(job);
      return null;
    }
    failAndGoOn(job, Control.limit + STEP);
    String savepoint =
        cluster
            .triggerSavepoint(job, directories.get(index) + "/savepoints", true, backend.savepoints)
            .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    found.add(Canaries.searched(directory(index)));
    return savepoint;
  }

  /**
   * One checkpoint is kept, and while the next takes its place a search may find neither whole: so
   * what several searches find counts.
   */
  private static Found searchedWhileRunning(Path directory) throws Exception {
    Set<Place> words = EnumSet.noneOf(Place.class);
    Found last = null;
    for (int search = 0; search < SEARCHES; search++) {
      last = Canaries.searched(directory);
      words.addAll(last.words());
      Thread.sleep(50);
    }
    return new Found(words, last.files(), last.plaintextFiles(), last.keyIds());
  }

  private void cancel(JobID job) throws Exception {
    if (!cluster.getJobStatus(job).get().isTerminalState()) {
      cluster.cancelJob(job).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
    cluster.requestJobResult(job).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private Path directory(int index) {
    return Path.of(directories.get(index).getPath());
  }

  /** Starts the job, whose input goes on for one step. */
  private JobID submit(int index, String savepoint) throws Exception {
    StreamGraph graph = CanaryJob.graph(configuration(backend, directories.get(index)));
    if (savepoint != null) {
      graph.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(savepoint));
    }
    Control.limit = 2L * STEP * index + STEP;
    return cluster.submitJob(graph).get(PATIENCE_SECONDS, TimeUnit.SECONDS).getJobID();
  }

  private void failAndGoOn(JobID job, long limit) throws Exception {
    int restores = Control.restores;
    Control.failAt = Control.limit + 5;
    Control.limit = limit;
    await(job, () -> Control.checkpointedTo == limit);
    assertThat(Control.restores).isEqualTo(restores + 1);
  }

  private void end(JobID job) throws Exception {
    Control.limit = numbers;
    JobResult result = cluster.requestJobResult(job).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(result.isSuccess()).as(result.toString()).isTrue();
  }

  static Configuration configuration(Backend backend, org.apache.flink.core.fs.Path directory) {
    return Configuration.fromMap(
        Map.ofEntries(
            Map.entry("execution.checkpointing.dir", directory + "/checkpoints"),
            Map.entry("execution.checkpointing.interval", "100 ms"),
            Map.entry("execution.checkpointing.incremental", "true"),
            Map.entry("execution.checkpointing.num-retained", "1000"),
            Map.entry("execution.checkpointing.data-inline-threshold", "0 b"),
            Map.entry(
                "execution.checkpointing.externalized-checkpoint-retention",
                "RETAIN_ON_CANCELLATION"),
            Map.entry("restart-strategy.type", "fixed-delay"),
            Map.entry("restart-strategy.fixed-delay.delay", "0 s"),
            Map.entry("restart-strategy.fixed-delay.attempts", "1"),
            Map.entry("state.backend.type", backend.type),
            // Snappy would hide the words from the search of a plain directory.
            Map.entry("state.backend.rocksdb.compression.per.level", "NO_COMPRESSION"),
            Map.entry("state.changelog.enabled", String.valueOf(backend.changelog))));
  }

  private void await(JobID job, BooleanSupplier condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.getAsBoolean()) {
      if (cluster.getJobStatus(job).get().isTerminalState()) {
        JobResult result = cluster.requestJobResult(job).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        throw new AssertionError(
            "the job ended early", result.getSerializedThrowable().orElse(null));
      }
      assertThat(System.nanoTime()).as("still waiting for a checkpoint").isLessThan(end);
      Thread.sleep(10);
    }
  }

  private static Map<String, String> expectedOfKeyedState(long numbers) {
    long each = numbers / CanaryJob.KEYS;
    long ofRounds = CanaryJob.KEYS * each * (each - 1) / 2;
    return LongStream.range(0, CanaryJob.KEYS)
        .boxed()
        .collect(
            Collectors.toMap(
                CanaryJob::key, key -> CanaryJob.figures(key * each + ofRounds, each, each)));
  }
}
