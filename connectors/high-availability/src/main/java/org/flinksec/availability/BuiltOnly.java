// SPDX-License-Identifier: Apache-2.0
package org.flinksec.availability;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.flink.api.dag.Pipeline;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.PipelineExecutor;
import org.apache.flink.core.execution.PipelineExecutorFactory;
import org.apache.flink.core.execution.PipelineExecutorServiceLoader;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamNode;

/** Takes the job that a program submits, and runs nothing of it. */
final class BuiltOnly implements PipelineExecutorServiceLoader, PipelineExecutorFactory {
  /** In the place of the target of deployments. */
  static final String NAME = "flinksec-built-only";

  private StreamGraph graph;

  /** What a program gets that has submitted its job: it ends there. */
  static final class TakenException extends RuntimeException {
    TakenException() {
      super("the job was built, and is not run");
    }
  }

  /**
   * Tells of the operators of the job.
   *
   * @param facts gets them
   * @return whether the program has submitted one
   */
  boolean describe(ObjectNode facts) {
    if (graph == null) {
      return false;
    }
    var operators = facts.putArray("operators");
    Map<Integer, List<OperatorID>> ids = Operators.idsByNode(graph);
    for (StreamNode node : graph.getStreamNodes()) {
      ObjectNode operator = operators.addObject();
      ids.get(node.getId()).forEach(id -> operator.withArray("ids").add(id.toHexString()));
      operator.put("uid", node.getTransformationUID());
      operator.put("name", node.getOperatorName());
      operator.put("parallelism", parallelismOf(node));
      operator.put("max_parallelism", node.getMaxParallelism());
    }
    return true;
  }

  private int parallelismOf(StreamNode node) {
    return node.getParallelism() > 0
        ? node.getParallelism()
        : graph.getExecutionConfig().getParallelism();
  }

  @Override
  public PipelineExecutorFactory getExecutorFactory(Configuration configuration) {
    return this;
  }

  @Override
  public Stream<String> getExecutorNames() {
    return Stream.of(NAME);
  }

  @Override
  public String getName() {
    return NAME;
  }

  @Override
  public boolean isCompatibleWith(Configuration configuration) {
    return NAME.equals(configuration.get(DeploymentOptions.TARGET));
  }

  @Override
  public PipelineExecutor getExecutor(Configuration configuration) {
    return this::take;
  }

  private CompletableFuture<JobClient> take(
      Pipeline pipeline, Configuration configuration, ClassLoader loader) {
    if (!(pipeline instanceof StreamGraph built)) {
      throw new IllegalArgumentException("a job of an unknown kind: " + pipeline.getClass());
    }
    graph = built;
    throw new TakenException();
  }
}
