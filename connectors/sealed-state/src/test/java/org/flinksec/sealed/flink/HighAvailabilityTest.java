// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.flinksec.sealed.flink.Canaries.Found;
import org.flinksec.sealed.flink.CanaryJob.Control;
import org.flinksec.sealed.flink.CanaryJob.Place;
import org.flinksec.sealed.flink.JobRun.Backend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A cluster that is lost with all its processes; another one finds the job by ZooKeeper and the
 * high-availability directory: execution plan, jar, pointer to the checkpoint, and result.
 */
class HighAvailabilityTest {
  private static final long STEP = 200;
  private static final long NUMBERS = 3 * STEP;
  private static final long PATIENCE_SECONDS = 300;

  @TempDir Path dir;
  private final Set<Place> words = EnumSet.noneOf(Place.class);

  @Test
  void aJobSurvivesTheLossOfItsClusterAndLeavesNoWordInClear() throws Exception {
    Registered.with(dir);
    runThroughALoss(Registered.sealed(dir.resolve("state")));
    assertThat(words).isEmpty();
    Found found = Canaries.searched(dir.resolve("state"));
    assertThat(found.files()).isPositive();
    assertThat(found.plaintextFiles()).isZero();
    assertThat(Canaries.searched(dir.resolve("zookeeper")).words()).isEmpty();
  }

  /** So the search finds these words wherever they are not sealed. */
  @Test
  void inAPlainDirectoryEveryWordIsFound() throws Exception {
    runThroughALoss(org.apache.flink.core.fs.Path.fromLocalFile(dir.resolve("state").toFile()));
    assertThat(words).isEqualTo(EnumSet.allOf(Place.class));
  }

  private void runThroughALoss(org.apache.flink.core.fs.Path state) throws Exception {
    Control.reset(NUMBERS);
    Control.limit = STEP;
    Configuration job = JobRun.configuration(Backend.HASHMAP, state);
    StreamGraph graph = CanaryJob.graph(job);
    graph.addJar(org.apache.flink.core.fs.Path.fromLocalFile(jar().toFile()));
    Files.createDirectory(dir.resolve("zookeeper"));
    try (ZooKeeper zooKeeper = new ZooKeeper(dir.resolve("zookeeper"))) {
      JobID id;
      MiniCluster first = started(zooKeeper, state);
      try {
        id = first.submitJob(graph).get(PATIENCE_SECONDS, TimeUnit.SECONDS).getJobID();
        await(() -> Control.checkpointedTo == STEP);
        search();
      } finally {
        first
            .closeAsyncWithoutCleaningHighAvailabilityData()
            .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      }
      search();
      Control.limit = 2 * STEP;
      try (MiniCluster second = started(zooKeeper, state)) {
        await(() -> Control.checkpointedTo == 2 * STEP);
        assertThat(Control.restores).isEqualTo(1);
        search();
        Control.limit = NUMBERS;
        JobResult result = second.requestJobResult(id).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(result.isSuccess()).as(result.toString()).isTrue();
        search();
      }
    }
    JobRun.assertFigures(NUMBERS);
    search();
  }

  private void search() throws IOException {
    words.addAll(Canaries.searched(dir.resolve("state")).words());
  }

  private MiniCluster started(ZooKeeper zooKeeper, org.apache.flink.core.fs.Path state)
      throws Exception {
    Path local = Files.createDirectories(dir.resolve("local"));
    Map<String, String> options =
        Map.of(
            "high-availability.type",
            "zookeeper",
            "high-availability.zookeeper.quorum",
            zooKeeper.quorum(),
            "high-availability.cluster-id",
            "/flights",
            "high-availability.storageDir",
            state + "/ha",
            "job-result-store.delete-on-commit",
            "false",
            "io.tmp.dirs",
            local.toString());
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(Configuration.fromMap(options))
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(2)
                .withRandomPorts()
                .build());
    cluster.start();
    return cluster;
  }

  /** A jar with a word in it that is not compressed. */
  private Path jar() throws IOException {
    byte[] content = Place.JAR.word().getBytes(StandardCharsets.UTF_8);
    Path file = dir.resolve("job.jar");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(file))) {
      CRC32 crc = new CRC32();
      crc.update(content);
      ZipEntry entry = new ZipEntry("word");
      entry.setMethod(ZipEntry.STORED);
      entry.setSize(content.length);
      entry.setCrc(crc.getValue());
      out.putNextEntry(entry);
      out.write(content);
    }
    return file;
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("still waiting for a checkpoint").isLessThan(end);
      Thread.sleep(10);
    }
  }
}
