// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.operators.AbstractUdfStreamOperator;
import org.apache.flink.streaming.api.transformations.PhysicalTransformation;
import org.apache.flink.streaming.api.transformations.SideOutputTransformation;
import org.apache.flink.streaming.api.transformations.SourceTransformation;

/**
 * Gives a uid to each operator that has none, so that a job finds its state when it begins to keep
 * dead letters, and at another parallelism.
 *
 * <p>Flink makes the id of such an operator of how many are before it, and of which of those behind
 * it are chained to it. A sink of letters is in both, and it is chained only where parallelism is
 * 1. Here a source is identified by its name, and any other operator by what it reads; what letters
 * add counts for nothing. Flink's second id, of {@code setUidHash}, would not do: the coordinator
 * of a source is restored by the first alone.
 */
public final class OperatorIds {
  private static final String UID = "flinksec-";
  private static final String ROWS = "-rows";

  /** A function that takes letters from among the rows of a source. */
  public interface Splits {}

  private final Map<Transformation<?>, String> places = new IdentityHashMap<>();
  private final Map<String, Integer> met = new TreeMap<>();

  private OperatorIds() {}

  /** Gives uids in a job of which all is built but what becomes of letters. */
  public static void give(StreamExecutionEnvironment env) {
    new OperatorIds().give(env.getTransformations());
  }

  private void give(List<Transformation<?>> ends) {
    // A source of which only letters are kept would not be there without them.
    List<Transformation<?>> steps = stepsTo(ends.stream().filter(end -> !isSplit(end)).toList());
    steps.forEach(this::place);
    steps = stepsTo(ends);
    steps.forEach(this::place);
    steps.stream().filter(OperatorIds::isSplit).forEach(OperatorIds::moveUid);
    for (Transformation<?> step : steps) {
      if (step.getUid() == null) {
        step.setUid(UID + places.get(step) + (isSplit(step) ? ROWS : ""));
      }
    }
  }

  private static List<Transformation<?>> stepsTo(List<Transformation<?>> ends) {
    return FailedStreams.stepsTo(ends).stream()
        .filter(PhysicalTransformation.class::isInstance)
        .toList();
  }

  /** What a job calls its source is the step behind it, where there are letters. */
  private static void moveUid(Transformation<?> split) {
    Transformation<?> source = split.getInputs().get(0);
    if (split.getUid() != null && source.getUid() == null) {
      source.setUid(split.getUid());
      split.setUid(split.getUid() + ROWS);
    }
  }

  private static boolean isSplit(Transformation<?> step) {
    return FailedStreams.operatorOf(step) instanceof AbstractUdfStreamOperator<?, ?> operator
        && operator.getUserFunction() instanceof Splits;
  }

  private String place(Transformation<?> step) {
    String known = places.get(step);
    if (known == null) {
      known = isSplit(step) ? place(step.getInputs().get(0)) : newPlace(step);
      places.put(step, known);
    }
    return known;
  }

  private String newPlace(Transformation<?> step) {
    String reads;
    if (step instanceof SourceTransformation) {
      // The planner of SQL numbers what it plans in one process.
      reads = step.getName().replaceAll("\\[\\d+\\]", "");
    } else {
      List<String> inputs = new ArrayList<>();
      step.getInputs().forEach(input -> addPlaces(input, "", inputs));
      reads = inputs.isEmpty() ? step.getName() : digest(inputs);
    }
    return reads + " #" + (met.merge(reads, 1, Integer::sum) - 1);
  }

  private void addPlaces(Transformation<?> input, String output, List<String> found) {
    if (input instanceof PhysicalTransformation) {
      found.add(place(input) + output);
      return;
    }
    String of = output;
    if (input instanceof SideOutputTransformation<?> side) {
      of = "/" + side.getOutputTag().getId() + output;
    }
    for (Transformation<?> further : input.getInputs()) {
      addPlaces(further, of, found);
    }
  }

  private static String digest(List<String> parts) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (String part : parts) {
        sha.update((part.length() + ":" + part).getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(sha.digest(), 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
