// SPDX-License-Identifier: Apache-2.0
package org.flinksec.availability;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.runtime.OperatorIDPair;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.streaming.api.graph.ExecutionPlan;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamGraphHasherV2;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.apache.flink.util.StringUtils;

/** Which operators a plan has, and which of a checkpoint's state it would leave behind. */
final class Operators {
  private Operators() {}

  /** The ids by which state finds the operators of a plan. */
  static Set<OperatorID> of(ExecutionPlan plan) {
    Set<OperatorID> found = new HashSet<>();
    if (plan instanceof StreamGraph graph) {
      idsByNode(graph).values().forEach(found::addAll);
    } else if (plan instanceof JobGraph graph) {
      for (JobVertex vertex : graph.getVertices()) {
        for (OperatorIDPair pair : vertex.getOperatorIDs()) {
          found.add(pair.getGeneratedOperatorID());
          pair.getUserDefinedOperatorID().ifPresent(found::add);
        }
      }
    } else {
      throw new IllegalArgumentException("a plan of an unknown kind: " + plan.getClass());
    }
    return found;
  }

  /** The same for each node of a graph, by its number there. */
  static Map<Integer, List<OperatorID>> idsByNode(StreamGraph graph) {
    // As Flink does it when it makes the job graph of it.
    Map<Integer, byte[]> hashes =
        new StreamGraphHasherV2().traverseStreamGraphAndGenerateHashes(graph);
    Map<Integer, List<OperatorID>> found = new TreeMap<>();
    for (StreamNode node : graph.getStreamNodes()) {
      List<OperatorID> ids = new ArrayList<>();
      ids.add(new OperatorID(hashes.get(node.getId())));
      if (node.getUserHash() != null) {
        ids.add(new OperatorID(StringUtils.hexStringToByte(node.getUserHash())));
      }
      found.put(node.getId(), ids);
    }
    return found;
  }

  /**
   * Names the operators whose state none of a plan's operators takes.
   *
   * <p>When a JobManager goes on from its own checkpoint, Flink drops such state in silence: it
   * takes the plan for the one that wrote it.
   */
  static List<String> leftBehind(Collection<OperatorState> states, Set<OperatorID> operators) {
    return states.stream()
        .filter(state -> hasState(state) && !operators.contains(state.getOperatorID()))
        .map(state -> state.getOperatorName().orElseGet(() -> state.getOperatorID().toString()))
        .sorted()
        .toList();
  }

  static boolean hasState(OperatorState state) {
    return state.getCoordinatorState() != null
        || state.getStates().stream().anyMatch(OperatorSubtaskState::hasState);
  }
}
