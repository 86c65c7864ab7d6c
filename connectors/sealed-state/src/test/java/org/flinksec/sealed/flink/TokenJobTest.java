// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.flinksec.sealed.SoftHsm;
import org.flinksec.sealed.flink.Canaries.Found;
import org.flinksec.sealed.flink.JobRun.Backend;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A job whose keys are in a PKCS#11 token: checkpoints, failover, savepoint, restore. */
class TokenJobTest {
  @TempDir static Path dir;
  private static MiniCluster cluster;

  @BeforeAll
  static void start() throws Exception {
    Path local = Files.createDirectory(dir.resolve("local"));
    cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(Configuration.fromMap(Map.of("io.tmp.dirs", local.toString())))
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
  void survivesFailureAndSavepointWithKeysThatNeverLeaveTheToken(Backend backend) throws Exception {
    Registered.with(SoftHsm.configuration(SoftHsm.TOKEN, "t1"));
    List<Found> found = new JobRun(cluster, backend, sealed("first"), sealed("second")).run();
    assertThat(found).hasSize(2).allSatisfy(one -> isSealedUnder(one, "t1"));
  }

  /** With both at hand, what the ring's key sealed is restored, and new files are the token's. */
  @Test
  void movesFromTheRingIntoTheTokenAndBack() throws Exception {
    Registered.with(dir);
    String ring = dir.resolve("ring").toString();
    Configuration into =
        SoftHsm.configuration(SoftHsm.TOKEN, "t1").set(DirectoryKeyRing.KEYS, ring);
    Configuration back =
        SoftHsm.configuration(SoftHsm.TOKEN, null).set(DirectoryKeyRing.KEYS, ring);
    var steps = List.of(into, back, back).iterator();
    List<Found> found =
        new JobRun(cluster, Backend.HASHMAP, sealed("of-ring"), sealed("of-token"), sealed("back"))
            .moving(() -> Registered.with(steps.next()))
            .run();
    isSealedUnder(found.get(0), "k1");
    isSealedUnder(found.get(1), "t1");
    isSealedUnder(found.get(2), "k1");
  }

  private static void isSealedUnder(Found found, String key) {
    assertThat(found.files()).isPositive();
    assertThat(found.plaintextFiles()).isZero();
    assertThat(found.words()).isEmpty();
    assertThat(found.keyIds()).containsExactly(key);
  }

  private static org.apache.flink.core.fs.Path sealed(String name) {
    return Registered.sealed(dir.resolve(name));
  }
}
