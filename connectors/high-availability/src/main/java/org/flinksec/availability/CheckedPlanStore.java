// SPDX-License-Identifier: Apache-2.0
package org.flinksec.availability;

import java.io.InvalidClassException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.runtime.checkpoint.CheckpointRecoveryFactory;
import org.apache.flink.runtime.checkpoint.CheckpointsCleaner;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStore;
import org.apache.flink.runtime.jobgraph.JobResourceRequirements;
import org.apache.flink.runtime.jobmanager.ExecutionPlanStore;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.apache.flink.streaming.api.graph.ExecutionPlan;
import org.apache.flink.util.ExceptionUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store that gives a plan back only if it is made from what this JobManager has.
 *
 * <p>Flink asks it as the leader, so of two JobManagers one decides. A plan that is not given back
 * stays where it is until the program has built its own, which then takes its place in one step; a
 * process that is killed at any point leaves the one or the other behind, whole and with its
 * record, and the checkpoints untouched.
 */
final class CheckedPlanStore implements ExecutionPlanStore {
  private static final Logger LOG = LoggerFactory.getLogger(CheckedPlanStore.class);
  // More than any job keeps: what is read must not make the store drop one.
  private static final int ALL_CHECKPOINTS = 1_000_000;

  private final ExecutionPlanStore inner;
  private final CheckpointRecoveryFactory checkpoints;
  private final JobInputs inputs;
  private final OnChangedJob policy;
  private final Refusal refusal;
  private final Set<JobID> changed = new HashSet<>();

  CheckedPlanStore(
      ExecutionPlanStore inner,
      CheckpointRecoveryFactory checkpoints,
      JobInputs inputs,
      OnChangedJob policy,
      Refusal refusal) {
    this.inner = inner;
    this.checkpoints = checkpoints;
    this.inputs = inputs;
    this.policy = policy;
    this.refusal = refusal;
  }

  @Override
  public ExecutionPlan recoverExecutionPlan(JobID job) throws Exception {
    ExecutionPlan stored;
    try {
      stored = inner.recoverExecutionPlan(job);
    } catch (Exception unreadable) {
      if (!isOfAnotherVersion(unreadable)) {
        throw unreadable;
      }
      noteChange(job, List.of("a version of Flink whose plans this one cannot read"));
      // What was not read cannot be replaced in one step.
      inner.globalCleanupAsync(job, Runnable::run).get();
      return null;
    }
    if (stored == null) {
      return null;
    }
    List<String> changes = inputs.changedSince(stored);
    if (changes.isEmpty()) {
      return stored;
    }
    noteChange(job, changes);
    return null;
  }

  @Override
  public void putExecutionPlan(ExecutionPlan plan) throws Exception {
    boolean replaces;
    synchronized (changed) {
      replaces = changed.contains(plan.getJobID());
    }
    if (replaces) {
      keepState(plan);
    }
    inputs.writeInto(plan);
    inner.putExecutionPlan(plan);
    synchronized (changed) {
      changed.remove(plan.getJobID());
    }
  }

  private void noteChange(JobID job, List<String> changes) {
    String what =
        "the job "
            + job
            + " that is stored was made from other inputs: "
            + String.join(", ", changes);
    if (policy == OnChangedJob.REFUSE) {
      refusal.refuse(
          what,
          "undo the change; or set cluster.on_changed_job = \"replace\", and the job as it is now"
              + " goes on from the last checkpoint");
      throw new IllegalStateException(what);
    }
    boolean isNew;
    synchronized (changed) {
      isNew = changed.add(job);
    }
    if (isNew) { // watchers of the store ask again
      LOG.warn(
          "{}; the job as it is now takes its place and goes on from its last checkpoint", what);
    }
  }

  private void keepState(ExecutionPlan plan) throws Exception {
    if (plan.getSavepointRestoreSettings().allowNonRestoredState()) {
      return;
    }
    List<String> lost = leftBehind(plan);
    if (!lost.isEmpty()) {
      String what =
          "the job "
              + plan.getJobID()
              + " was changed, and has nothing that takes the"
              + " state of: "
              + String.join(", ", lost);
      refusal.refuse(
          what,
          "undo the change and start again; then stop the job with a savepoint, and start the"
              + " changed one from it with a new job id, where --allow-non-restored-state drops that"
              + " state");
      throw new IllegalStateException(what);
    }
  }

  private List<String> leftBehind(ExecutionPlan plan) throws Exception {
    CompletedCheckpointStore store =
        checkpoints.createRecoveredCompletedCheckpointStore(
            plan.getJobID(),
            ALL_CHECKPOINTS,
            SharedStateRegistry.DEFAULT_FACTORY,
            Runnable::run,
            RecoveryClaimMode.NO_CLAIM);
    try {
      CompletedCheckpoint latest = store.getLatestCheckpoint();
      return latest == null
          ? List.of()
          : Operators.leftBehind(latest.getOperatorStates().values(), Operators.of(plan));
    } finally {
      // As when a JobManager loses its leadership: nothing is removed.
      store.shutdown(JobStatus.SUSPENDED, new CheckpointsCleaner());
    }
  }

  private static boolean isOfAnotherVersion(Exception error) {
    return ExceptionUtils.findThrowable(error, ClassNotFoundException.class).isPresent()
        || ExceptionUtils.findThrowable(error, InvalidClassException.class).isPresent();
  }

  @Override
  public void start(ExecutionPlanListener listener) throws Exception {
    inner.start(listener);
  }

  @Override
  public void stop() throws Exception {
    inner.stop();
  }

  @Override
  public Collection<JobID> getJobIds() throws Exception {
    return inner.getJobIds();
  }

  @Override
  public void putJobResourceRequirements(JobID job, JobResourceRequirements requirements)
      throws Exception {
    inner.putJobResourceRequirements(job, requirements);
  }

  @Override
  public CompletableFuture<Void> localCleanupAsync(JobID job, Executor executor) {
    return inner.localCleanupAsync(job, executor);
  }

  @Override
  public CompletableFuture<Void> globalCleanupAsync(JobID job, Executor executor) {
    return inner.globalCleanupAsync(job, executor);
  }
}
