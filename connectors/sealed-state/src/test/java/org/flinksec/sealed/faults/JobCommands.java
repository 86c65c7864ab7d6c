// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.faults;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.graph.StreamGraph;

/**
 * Runs {@link CountingJob} on a mini cluster. The commands: {@code start}, which may name the
 * checkpoint to go on from, {@code end} and {@code cancel}.
 *
 * <p>Arguments: the key ring, the directory for checkpoints, one for temporary files.
 */
public final class JobCommands {
  private final MiniCluster cluster;
  private final String checkpoints;
  private JobID job;

  private JobCommands(MiniCluster cluster, String checkpoints) {
    this.cluster = cluster;
    this.checkpoints = checkpoints;
  }

  /** Reads commands until standard input ends. */
  public static void main(String[] arguments) {
    try {
      serve(arguments);
    } catch (Exception e) {
      // The cluster's threads would keep the process.
      e.printStackTrace();
      System.exit(1);
    }
  }

  private static void serve(String[] arguments) throws Exception {
    Plugin.load(arguments[0]);
    Configuration config = new Configuration();
    config.setString("io.tmp.dirs", arguments[2]);
    MiniClusterConfiguration cluster =
        new MiniClusterConfiguration.Builder()
            .setConfiguration(config)
            .setNumTaskManagers(1)
            .setNumSlotsPerTaskManager(1)
            .withRandomPorts()
            .build();
    try (MiniCluster started = new MiniCluster(cluster);
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      started.start();
      JobCommands commands = new JobCommands(started, arguments[1]);
      System.out.println("ready");
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        commands.run(line.split(" "));
      }
    }
  }

  private void run(String[] words) throws Exception {
    switch (words[0]) {
      case "start" -> start(words.length > 1 ? words[1] : null);
      case "end" -> {
        CountingJob.endInput = true;
        System.out.println("result " + cluster.requestJobResult(job).get().isSuccess());
      }
      case "cancel" -> {
        cluster.cancelJob(job).get();
        System.out.println("cancelled " + !cluster.requestJobResult(job).get().isSuccess());
      }
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  private void start(String checkpoint) throws Exception {
    StreamGraph graph = CountingJob.graph(checkpoints);
    if (checkpoint != null) {
      graph.setSavepointRestoreSettings(
          SavepointRestoreSettings.forPath(Plugin.sealed(checkpoint).toString()));
    }
    job = cluster.submitJob(graph).get().getJobID();
  }
}
