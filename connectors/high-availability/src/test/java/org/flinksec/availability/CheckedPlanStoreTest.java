// SPDX-License-Identifier: Apache-2.0
package org.flinksec.availability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InvalidClassException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.runtime.checkpoint.CheckpointIDCounter;
import org.apache.flink.runtime.checkpoint.CheckpointProperties;
import org.apache.flink.runtime.checkpoint.CheckpointRecoveryFactory;
import org.apache.flink.runtime.checkpoint.CheckpointRetentionPolicy;
import org.apache.flink.runtime.checkpoint.CheckpointsCleaner;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStore;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.StandaloneCompletedCheckpointStore;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobResourceRequirements;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.jobmanager.ExecutionPlanStore;
import org.apache.flink.runtime.state.SharedStateRegistryFactory;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;
import org.apache.flink.runtime.state.testutils.EmptyStreamStateHandle;
import org.apache.flink.runtime.state.testutils.TestCompletedCheckpointStorageLocation;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.graph.ExecutionPlan;
import org.junit.jupiter.api.Test;

class CheckedPlanStoreTest {
  private static final JobID JOB = new JobID(0, 1);
  private static final JobInputs FIRST = JobInputs.of("a.b\t1\nc\t2\n");
  private static final JobInputs SECOND = JobInputs.of("a.b\t1\nc\t3\nd\t4\n");

  private final Kept kept = new Kept();
  private final Checkpoints checkpoints = new Checkpoints();
  private final List<String> said = new ArrayList<>();

  private CheckedPlanStore store(JobInputs inputs, OnChangedJob policy) {
    return new CheckedPlanStore(
        kept, checkpoints, inputs, policy, (error, hint) -> said.addAll(List.of(error, hint)));
  }

  private CheckedPlanStore store(JobInputs inputs) {
    return store(inputs, OnChangedJob.REPLACE);
  }

  private static JobGraph plan(String... uids) {
    JobVertex[] vertices = new JobVertex[uids.length];
    for (int i = 0; i < uids.length; i++) {
      vertices[i] = new JobVertex(uids[i], new JobVertexID(7, i));
    }
    return new JobGraph(JOB, "a job", vertices);
  }

  @Test
  void anUnchangedJobIsRecovered() throws Exception {
    JobGraph plan = plan("x");
    store(FIRST).putExecutionPlan(plan);
    assertThat(store(FIRST).recoverExecutionPlan(JOB)).isSameAs(plan);
    assertThat(said).isEmpty();
  }

  @Test
  void whatIsNotThereIsNotThere() throws Exception {
    assertThat(store(FIRST).recoverExecutionPlan(JOB)).isNull();
  }

  @Test
  void aChangedJobIsNotRecoveredAndStaysUntilItIsReplaced() throws Exception {
    JobGraph before = plan("x");
    store(FIRST).putExecutionPlan(before);
    CheckedPlanStore changed = store(SECOND);
    assertThat(changed.recoverExecutionPlan(JOB)).isNull();
    // Killed here, the next one finds the same.
    assertThat(kept.plans).containsEntry(JOB, before);
    assertThat(store(SECOND).recoverExecutionPlan(JOB)).isNull();

    JobGraph after = plan("x");
    changed.putExecutionPlan(after);
    assertThat(kept.plans).containsEntry(JOB, after);
    assertThat(kept.removed).isEmpty();
    assertThat(store(SECOND).recoverExecutionPlan(JOB)).isSameAs(after);
    // A standby that still has the old settings would change it back, as it was told.
    assertThat(store(FIRST).recoverExecutionPlan(JOB)).isNull();
  }

  @Test
  void aPlanWithoutARecordIsTakenForChanged() throws Exception {
    kept.plans.put(JOB, plan("x"));
    assertThat(store(FIRST).recoverExecutionPlan(JOB)).isNull();
    assertThatThrownBy(() -> store(FIRST, OnChangedJob.REFUSE).recoverExecutionPlan(JOB))
        .hasMessageContaining("an unknown version of this library");
  }

  @Test
  void toldToItRefusesAndNamesWhatHasChanged() throws Exception {
    JobGraph plan = plan("x");
    store(FIRST).putExecutionPlan(plan);
    assertThatThrownBy(() -> store(SECOND, OnChangedJob.REFUSE).recoverExecutionPlan(JOB))
        .isInstanceOf(IllegalStateException.class);
    assertThat(said.get(0)).endsWith("was made from other inputs: c, d");
    assertThat(said.get(1)).contains("cluster.on_changed_job = \"replace\"");
    assertThat(kept.plans).containsEntry(JOB, plan);
    assertThat(store(FIRST, OnChangedJob.REFUSE).recoverExecutionPlan(JOB)).isSameAs(plan);
  }

  @Test
  void aPlanOfAnotherFlinkIsReplacedAndOneThatCannotBeReadIsAnError() throws Exception {
    kept.plans.put(JOB, plan("x"));
    kept.error = new IOException("no such device");
    assertThatThrownBy(() -> store(FIRST).recoverExecutionPlan(JOB)).isSameAs(kept.error);
    assertThat(kept.removed).isEmpty();

    kept.error = new Exception(new InvalidClassException("another serialVersionUID"));
    assertThatThrownBy(() -> store(FIRST, OnChangedJob.REFUSE).recoverExecutionPlan(JOB))
        .hasMessageContaining("a version of Flink");
    assertThat(kept.removed).isEmpty();
    assertThat(store(FIRST).recoverExecutionPlan(JOB)).isNull();
    assertThat(kept.removed).containsExactly(JOB);
  }

  @Test
  void stateThatNothingTakesIsNotDropped() throws Exception {
    JobGraph before = plan("x", "y");
    store(FIRST).putExecutionPlan(before);
    checkpoints.states =
        List.of(
            state(before, 0, true), state(before, 1, true), stateOf("z", new OperatorID(), false));
    CheckedPlanStore changed = store(SECOND);
    changed.recoverExecutionPlan(JOB);
    assertThatThrownBy(() -> changed.putExecutionPlan(plan("x")))
        .hasMessageContaining("has nothing that takes the state of: y");
    assertThat(said.get(1)).contains("savepoint");
    assertThat(kept.plans).containsEntry(JOB, before);
    assertThat(checkpoints.ended).containsExactly(JobStatus.SUSPENDED);

    // Unless that is what was asked for.
    JobGraph given = plan("x");
    given.setSavepointRestoreSettings(SavepointRestoreSettings.forPath("/s", true));
    changed.putExecutionPlan(given);
    assertThat(kept.plans).containsEntry(JOB, given);
  }

  @Test
  void stateThatFindsItsPlaceGoesOn() throws Exception {
    JobGraph before = plan("x", "y");
    store(FIRST).putExecutionPlan(before);
    checkpoints.states = List.of(state(before, 0, true), state(before, 1, true));
    CheckedPlanStore changed = store(SECOND);
    changed.recoverExecutionPlan(JOB);
    changed.putExecutionPlan(plan("x", "y", "more"));
    assertThat(said).isEmpty();
    assertThat(checkpoints.ended).containsExactly(JobStatus.SUSPENDED);
  }

  @Test
  void aFirstPlanNeedsNoCheckpoints() throws Exception {
    store(FIRST).putExecutionPlan(plan("x"));
    assertThat(checkpoints.ended).isEmpty();
  }

  @Test
  void theIdsOfAStreamGraphAreThoseOfItsJobGraph() {
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    environment
        .fromSequence(1, 2)
        .keyBy(number -> number)
        .reduce(Long::sum)
        .uid("sum")
        .map(number -> number)
        .returns(Long.class)
        .setUidHash("0123456789abcdef0123456789abcdef")
        .sinkTo(new DiscardingSink<>());
    var graph = environment.getStreamGraph();
    assertThat(Operators.of(graph)).isEqualTo(Operators.of(graph.getJobGraph())).hasSize(5);
  }

  private static OperatorState state(JobGraph of, int vertex, boolean hasState) {
    JobVertex found = of.getVerticesAsArray()[vertex];
    return stateOf(
        found.getName(), found.getOperatorIDs().get(0).getGeneratedOperatorID(), hasState);
  }

  private static OperatorState stateOf(String name, OperatorID id, boolean hasState) {
    OperatorState state = new OperatorState(name, null, id, 1, 128);
    if (hasState) {
      state.setCoordinatorState(new ByteStreamStateHandle("of the coordinator", new byte[] {1}));
    }
    return state;
  }

  /** As Flink's own store: it replaces only what was recovered or put before. */
  private static final class Kept implements ExecutionPlanStore {
    final Map<JobID, ExecutionPlan> plans = new HashMap<>();
    final List<JobID> removed = new ArrayList<>();
    Exception error;

    @Override
    public ExecutionPlan recoverExecutionPlan(JobID job) throws Exception {
      if (error != null) {
        throw error;
      }
      return plans.get(job);
    }

    @Override
    public void putExecutionPlan(ExecutionPlan plan) {
      plans.put(plan.getJobID(), plan);
    }

    @Override
    public CompletableFuture<Void> globalCleanupAsync(JobID job, Executor executor) {
      plans.remove(job);
      removed.add(job);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public Collection<JobID> getJobIds() {
      return plans.keySet();
    }

    @Override
    public void start(ExecutionPlanListener listener) {}

    @Override
    public void stop() {}

    @Override
    public void putJobResourceRequirements(JobID job, JobResourceRequirements requirements) {}
  }

  /** One checkpoint, or none. */
  private static final class Checkpoints implements CheckpointRecoveryFactory {
    final List<JobStatus> ended = new ArrayList<>();
    List<OperatorState> states = List.of();

    @Override
    public CompletedCheckpointStore createRecoveredCompletedCheckpointStore(
        JobID job,
        int most,
        SharedStateRegistryFactory registry,
        Executor executor,
        RecoveryClaimMode mode)
        throws Exception {
      StandaloneCompletedCheckpointStore store =
          new StandaloneCompletedCheckpointStore(most) {
            @Override
            public void shutdown(JobStatus status, CheckpointsCleaner cleaner) {
              ended.add(status);
            }
          };
      if (!states.isEmpty()) {
        Map<OperatorID, OperatorState> found = new HashMap<>();
        states.forEach(state -> found.put(state.getOperatorID(), state));
        store.addCheckpointAndSubsumeOldestOne(
            new CompletedCheckpoint(
                job,
                1,
                1,
                2,
                found,
                List.of(),
                CheckpointProperties.forCheckpoint(
                    CheckpointRetentionPolicy.RETAIN_ON_CANCELLATION),
                new TestCompletedCheckpointStorageLocation(new EmptyStreamStateHandle(), "nowhere"),
                null),
            new CheckpointsCleaner(),
            () -> {});
      }
      return store;
    }

    @Override
    public CheckpointIDCounter createCheckpointIDCounter(JobID job) {
      throw new UnsupportedOperationException();
    }
  }
}
