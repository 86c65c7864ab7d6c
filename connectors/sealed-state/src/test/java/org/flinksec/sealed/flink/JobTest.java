// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.flinksec.sealed.flink.Canaries.Found;
import org.flinksec.sealed.flink.CanaryJob.Place;
import org.flinksec.sealed.flink.JobRun.Backend;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A job with every kind of state: checkpoints, failover, savepoint, restore. */
class JobTest {
  private static final Set<Place> EVERYWHERE = Place.OF_STATE;

  @TempDir static Path dir;
  private static MiniCluster cluster;

  @BeforeAll
  static void start() throws Exception {
    Registered.with(dir);
    Path local = Files.createDirectory(dir.resolve("local"));
    Map<String, String> options =
        Map.of(
            "io.tmp.dirs",
            local.toString(),
            "pekko.ask.timeout", // a busy machine is no failure
            "5 min",
            "heartbeat.timeout",
            "5 min",
            "state.changelog.storage",
            "filesystem",
            "state.changelog.dstl.dfs.base-path",
            Registered.sealed(dir.resolve("changelog")).toString());
    cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(Configuration.fromMap(options))
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(2)
                .withRandomPorts()
                .build());
    cluster.start();
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"HASHMAP", "ROCKSDB"})
  void survivesFailureAndSavepointAndLeavesNoWordOfItsStateInClear(Backend backend)
      throws Exception {
    assertThat(new JobRun(cluster, backend, sealed("first"), sealed("second")).run())
        .hasSize(2)
        .allSatisfy(JobTest::allIsSealed);
  }

  /** Flink cannot leave a savepoint behind with a changelog, so this stays in one directory. */
  @Test
  void survivesFailureWithAChangelogThatIsSealedToo() throws Exception {
    JobRun run =
        new JobRun(cluster, Backend.CHANGELOG, sealed("with-changelog"))
            .alsoSearching(dir.resolve("changelog"));
    assertThat(run.run()).hasSize(2).allSatisfy(JobTest::allIsSealed);
  }

  /**
   * A savepoint in clear moves a job into a sealed directory, and a sealed one out of it again. The
   * plain directories show as well that the search finds every word where nothing is sealed.
   */
  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"HASHMAP", "ROCKSDB"})
  void movesFromAPlainDirectoryIntoASealedOneAndOutAgain(Backend backend) throws Exception {
    List<Found> found =
        new JobRun(cluster, backend, plain("before"), sealed("between"), plain("after")).run();
    assertThat(found.get(0).words()).containsAll(EVERYWHERE);
    allIsSealed(found.get(1));
    assertThat(found.get(2).words()).containsAll(EVERYWHERE);
    assertThat(found.get(2).plaintextFiles()).isEqualTo(found.get(2).files());
  }

  /** So whoever restores it needs no key. */
  @Test
  void aSealedJobLeavesASavepointInClearWhereItIsTold() throws Exception {
    List<Found> found =
        new JobRun(cluster, Backend.HASHMAP, sealed("within"), plain("outside"))
            .withSavepointsAhead()
            .run();
    allIsSealed(found.get(0));
    assertThat(found.get(1).words()).containsAll(EVERYWHERE);
    assertThat(found.get(1).plaintextFiles()).isEqualTo(found.get(1).files());
  }

  private static void allIsSealed(Found found) {
    // How many there are depends on when the job was stopped; the plain runs show what is found.
    assertThat(found.files()).isPositive();
    assertThat(found.plaintextFiles()).isZero();
    assertThat(found.words()).isEmpty();
  }

  private static org.apache.flink.core.fs.Path sealed(String name) {
    return Registered.sealed(dir.resolve(name));
  }

  private static org.apache.flink.core.fs.Path plain(String name) {
    return org.apache.flink.core.fs.Path.fromLocalFile(dir.resolve(name).toFile());
  }
}
