// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.util.Set;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.streaming.api.operators.AbstractUdfStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.transformations.OneInputTransformation;
import org.apache.flink.streaming.api.transformations.PartitionTransformation;
import org.apache.flink.streaming.api.transformations.TimestampsAndWatermarksTransformation;
import org.apache.flink.streaming.runtime.partitioner.ForwardPartitioner;

/**
 * Whether the {@link Current} record of a task is the one that an element was made of.
 *
 * <p>It is, if all operators from where records are read to where the element is are in one chain,
 * and each of them does its work while it is called, or says itself whose work it does. That is
 * known of those named here; of any other it is taken for not so.
 */
public final class Lineage {
  private static final Set<String> AT_ONCE =
      Set.of(
          "org.apache.flink.streaming.api.operators.python.embedded.EmbeddedPythonProcessOperator",
          "org.flinksec.functions.ThreadBatchOperator",
          "org.flinksec.functions.ProcessBatchOperator",
          "org.apache.flink.streaming.api.operators.StreamMap",
          "org.apache.flink.streaming.api.operators.StreamFilter");

  private Lineage() {}

  /** Whether that is so for what this step puts out. */
  public static boolean isTraced(Transformation<?> last) {
    Transformation<?> step = last;
    while (true) {
      StreamOperator<?> operator = FailedStreams.operatorOf(step);
      if (operator instanceof AbstractUdfStreamOperator<?, ?> udf
          && udf.getUserFunction() instanceof Begins) {
        return true;
      }
      Transformation<?> input = forwardInput(step);
      boolean atOnce =
          step instanceof PartitionTransformation
              || step instanceof TimestampsAndWatermarksTransformation
              || (operator != null && AT_ONCE.contains(operator.getClass().getName()));
      if (input == null || !atOnce || input.getParallelism() != step.getParallelism()) {
        return false;
      }
      step = input;
    }
  }

  private static Transformation<?> forwardInput(Transformation<?> step) {
    boolean one =
        step instanceof OneInputTransformation
            || step instanceof TimestampsAndWatermarksTransformation
            || (step instanceof PartitionTransformation<?> partition
                && partition.getPartitioner() instanceof ForwardPartitioner);
    return one ? step.getInputs().get(0) : null;
  }

  /** A function that begins the work on a record, and ends it: it sets {@link Current}. */
  public interface Begins {}
}
