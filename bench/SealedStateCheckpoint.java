// SPDX-License-Identifier: Apache-2.0

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.CheckpointType;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.functions.source.legacy.RichParallelSourceFunction;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.util.Collector;

/**
 * Jobs with about 1 GiB of RocksDB state, one for each way, checkpointed as a whole, and restored.
 *
 * <p>All run in one mini cluster in this process. The state is filled once; the jobs of the ways
 * begin with a savepoint of it, and idle.
 */
final class SealedStateCheckpoint {
  private static final int PARALLELISM = 2;
  private static final int VALUE_BYTES = 1024;
  private static final long KEYS = Long.getLong("bench.keys", 1024 * 1024);
  private static final long PATIENCE_SECONDS = 1200;

  /** Counts down for each instance that has its state and opens; one job starts at a time. */
  private static volatile CountDownLatch opened;

  /** Counts down for each source that has emitted all its keys. */
  private static volatile CountDownLatch filled;

  private final MiniCluster cluster;

  private SealedStateCheckpoint(MiniCluster cluster) {
    this.cluster = cluster;
  }

  static void measure(List<SealedStateBench.Way> ways, String local) throws Exception {
    Configuration config = new Configuration();
    config.setString("taskmanager.memory.managed.size", "512m");
    config.setString("io.tmp.dirs", local);
    MiniClusterConfiguration cluster =
        new MiniClusterConfiguration.Builder()
            .setConfiguration(config)
            .setNumTaskManagers(1)
            .setNumSlotsPerTaskManager(PARALLELISM * ways.size())
            .withRandomPorts()
            .build();
    try (MiniCluster mini = new MiniCluster(cluster)) {
      mini.start();
      new SealedStateCheckpoint(mini).measure(ways, new Path("file://" + local, "filled"));
    }
  }

  private void measure(List<SealedStateBench.Way> ways, Path savepoints) throws Exception {
    filled = new CountDownLatch(PARALLELISM);
    JobID first = start(savepoints, null, true);
    await(filled);
    awaitRunning(first);
    String savepoint =
        get(
            cluster.triggerSavepoint(
                first, savepoints.toString(), true, SavepointFormatType.NATIVE));
    get(cluster.requestJobResult(first));
    Map<String, JobID> jobs = new HashMap<>();
    for (SealedStateBench.Way way : ways) {
      jobs.put(way.name(), start(way.path("checkpoints"), savepoint, false));
      awaitRunning(jobs.get(way.name()));
    }
    SealedStateBench.inTurns(
        "checkpoint",
        ways,
        way -> {},
        way -> checkpoint(jobs.get(way.name())),
        way -> {});
    Map<String, CompletedCheckpointStats> last = new HashMap<>();
    for (SealedStateBench.Way way : ways) {
      JobID job = jobs.get(way.name());
      last.put(way.name(), latest(job));
      cancel(job);
    }
    SealedStateBench.inTurns(
        "restore",
        ways,
        way -> {},
        way -> {
          CompletedCheckpointStats from = last.get(way.name());
          jobs.put(way.name(), start(way.path("restored"), from.getExternalPath(), false));
          return from.getStateSize();
        },
        way -> cancel(jobs.get(way.name())));
  }

  private long checkpoint(JobID job) throws Exception {
    get(cluster.triggerCheckpoint(job, CheckpointType.FULL));
    return latest(job).getStateSize();
  }

  private CompletedCheckpointStats latest(JobID job) throws Exception {
    return get(cluster.getExecutionGraph(job))
        .getCheckpointStatsSnapshot()
        .getHistory()
        .getLatestCompletedCheckpoint();
  }

  private void cancel(JobID job) throws Exception {
    get(cluster.cancelJob(job));
    get(cluster.requestJobResult(job));
  }

  /** Starts the job and returns when all its state is there. */
  private JobID start(Path checkpoints, String from, boolean fills) throws Exception {
    Configuration config =
        Configuration.fromMap(
            Map.of(
                "execution.checkpointing.dir",
                checkpoints.toString(),
                "execution.checkpointing.incremental",
                "false",
                "execution.checkpointing.externalized-checkpoint-retention",
                "RETAIN_ON_CANCELLATION",
                "state.backend.type",
                "rocksdb"));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
    env.setParallelism(PARALLELISM);
    env.enableCheckpointing(TimeUnit.DAYS.toMillis(1));
    env.addSource(new Keys(fills), "keys", Types.LONG)
        .uid("keys")
        .keyBy(key -> key)
        .process(new Values())
        .uid("values")
        .sinkTo(new DiscardingSink<>());
    StreamGraph graph = env.getStreamGraph();
    if (from != null) {
      graph.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(from));
    }
    opened = new CountDownLatch(PARALLELISM);
    JobID job = get(cluster.submitJob(graph)).getJobID();
    await(opened);
    return job;
  }

  /** A checkpoint needs all tasks to be running. */
  private void awaitRunning(JobID job) throws Exception {
    boolean running = false;
    while (!running) {
      Thread.sleep(100);
      running = true;
      for (var task : get(cluster.getExecutionGraph(job)).getAllExecutionVertices()) {
        running &= task.getExecutionState() == ExecutionState.RUNNING;
      }
    }
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static void await(CountDownLatch latch) throws Exception {
    if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the job did not get on");
    }
  }

  /** Emits each key once, or none, and stays. */
  private static final class Keys extends RichParallelSourceFunction<Long> {
    private final boolean fills;
    private volatile boolean running = true;

    Keys(boolean fills) {
      this.fills = fills;
    }

    @Override
    public void run(SourceContext<Long> context) throws Exception {
      int index = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
      for (long key = index; fills && running && key < KEYS; key += PARALLELISM) {
        synchronized (context.getCheckpointLock()) {
          context.collect(key);
        }
      }
      filled.countDown();
      while (running) {
        Thread.sleep(10);
      }
    }

    @Override
    public void cancel() {
      running = false;
    }
  }

  /** Keeps a value for each key, which no compression makes smaller. */
  private static final class Values extends KeyedProcessFunction<Long, Long, Long> {
    private transient ValueState<byte[]> value;

    @Override
    public void open(OpenContext context) {
      value =
          getRuntimeContext()
              .getState(
                  new ValueStateDescriptor<>(
                      "value", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
      opened.countDown();
    }

    @Override
    public void processElement(Long key, Context context, Collector<Long> out) throws Exception {
      byte[] bytes = new byte[VALUE_BYTES];
      new Random(key).nextBytes(bytes);
      value.update(bytes);
    }
  }
}
