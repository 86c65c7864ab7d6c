// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.operators.SimpleOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorFactory;
import org.apache.flink.streaming.api.transformations.OneInputTransformation;
import org.apache.flink.streaming.api.transformations.SideOutputTransformation;
import org.apache.flink.streaming.api.transformations.TwoInputTransformation;
import org.apache.flink.types.Row;
import org.apache.flink.util.OutputTag;

/**
 * The streams of what guarded functions of Python have failed with, which are side outputs of the
 * operators that run them.
 *
 * <p>PyFlink's classes are asked by their names, since no artifact of Maven has them.
 */
public final class FailedStreams {
  /** The element as JSON, the class of the exception, what is wrong, the traceback. */
  static final TypeInformation<Row> TYPE =
      Types.ROW(Types.STRING, Types.STRING, Types.STRING, Types.STRING);

  private FailedStreams() {}

  /** An operator that puts out to those side outputs only that it is told of. */
  public interface AsksForSideOutputs {
    /**
     * Tells of one.
     *
     * @param id the tag's
     * @param type of its elements
     */
    void addSideOutput(String id, TypeInformation<?> type);
  }

  /**
   * The letters of one function, as bytes.
   *
   * @param pythonFunction PyFlink's object of the function, or the operator that runs it in batches
   * @param tag the name of its side output
   * @param function its name, {@code module.function}
   * @param onError a word of {@link OnBadRecord} other than {@code fail}
   * @return null if no operator of the job runs this function
   */
  public static DataStream<byte[]> of(
      StreamExecutionEnvironment env,
      Object pythonFunction,
      String tag,
      String function,
      String onError) {
    for (Transformation<?> step : stepsTo(env.getTransformations())) {
      if (runs(step, pythonFunction)) {
        if (operatorOf(step) instanceof AsksForSideOutputs operator) {
          operator.addSideOutput(tag, TYPE);
        }
        DataStream<Row> failed =
            new DataStream<>(env, new SideOutputTransformation<>(step, new OutputTag<>(tag, TYPE)));
        return failed
            .process(FailedElements.of(function, onError, Lineage.isTraced(step)))
            .name("failed in " + function)
            .setParallelism(step.getParallelism());
      }
    }
    return null;
  }

  /** Two streams of letters as one. */
  public static DataStream<byte[]> union(DataStream<byte[]> one, DataStream<byte[]> other) {
    return one.union(other);
  }

  /**
   * The steps that lead to others, and those themselves, in the order in which they were made.
   *
   * <p>{@link Transformation#getTransitivePredecessors} remembers what it has once found, and
   * PyFlink puts other steps in their places when it chains its functions.
   */
  static List<Transformation<?>> stepsTo(Collection<Transformation<?>> ends) {
    Map<Integer, Transformation<?>> found = new TreeMap<>();
    Deque<Transformation<?>> remaining = new ArrayDeque<>(ends);
    while (!remaining.isEmpty()) {
      Transformation<?> step = remaining.remove();
      if (found.put(step.getId(), step) == null) {
        remaining.addAll(step.getInputs());
      }
    }
    return List.copyOf(found.values());
  }

  private static boolean runs(Transformation<?> step, Object pythonFunction) {
    StreamOperator<?> operator = operatorOf(step);
    if (operator != null && operator == pythonFunction) {
      return true; // of a function in batches there is no other object
    }
    Object info = operator == null ? null : call(operator, "getPythonFunctionInfo");
    Deque<Object> chain = new ArrayDeque<>();
    if (info != null) {
      chain.add(info);
    }
    while (!chain.isEmpty()) {
      Object next = chain.remove();
      if (call(next, "getPythonFunction") == pythonFunction) {
        return true;
      }
      if (call(next, "getInputs") instanceof Object[] inputs) {
        chain.addAll(List.of(inputs));
      }
    }
    return false;
  }

  /** The operator of a step, where it is made before the job runs, as PyFlink's are. */
  static StreamOperator<?> operatorOf(Transformation<?> step) {
    StreamOperatorFactory<?> factory = null;
    if (step instanceof OneInputTransformation<?, ?> one) {
      factory = one.getOperatorFactory();
    } else if (step instanceof TwoInputTransformation<?, ?, ?> two) {
      factory = two.getOperatorFactory();
    }
    return factory instanceof SimpleOperatorFactory<?> simple ? simple.getOperator() : null;
  }

  private static Object call(Object on, String method) {
    try {
      return on.getClass().getMethod(method).invoke(on);
    } catch (NoSuchMethodException e) {
      return null;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "this PyFlink is not the release that flinksec_jobs is made for", e);
    }
  }
}
