// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.types.Row;
import org.apache.flink.util.OutputTag;
import org.flinksec.badrecords.Current;
import org.flinksec.rows.Shape;

/** A function that runs in batches, with what it gets and gives: it goes to where it runs. */
public final class FunctionPlan implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final String TIMERS = "user-timers"; // PyFlink's own name

  private final byte[] payload;
  private final Shape input;
  private final Shape key;
  private final Shape result;
  private final boolean traced;
  private final Map<String, SideOutput> sides = new LinkedHashMap<>();

  /**
   * @param payload the function and all about it, pickled
   * @param input of an element; where there is a key, of what is behind it
   * @param key null on a stream without keys
   * @param result of the main output
   * @param traced whether the current record of the task is the one that an element was made of
   */
  FunctionPlan(byte[] payload, Shape input, Shape key, Shape result, boolean traced) {
    this.payload = payload;
    this.input = input;
    this.key = key;
    this.result = result;
    this.traced = traced;
  }

  byte[] payload() {
    return payload;
  }

  @SuppressWarnings("unchecked")
  void addSideOutput(String id, TypeInformation<?> type) {
    sides.putIfAbsent(
        id,
        new SideOutput(
            new OutputTag<>(id, (TypeInformation<Object>) type), BatchFunctions.shape(type)));
  }

  /**
   * The batches of an operator, which are yet to be opened.
   *
   * @param <O> the operator
   * @param python in which the function is to be
   * @param selector of the operator's keys; null without keys
   */
  <O extends AbstractStreamOperator<Object> & Triggerable<Row, VoidNamespace>> Batches batches(
      O operator,
      Python python,
      ReadableConfig config,
      KeySelector<Object, Row> selector,
      Output<StreamRecord<Object>> output)
      throws Exception {
    KeyedSide keyed = key == null ? null : keyed(operator, selector);
    KeyPlaces places = keyed == null ? null : keyed.places();
    Current current = traced ? Current.ofThread() : null;
    return new Batches(
        new FunctionThread(
            python, Patience.of(config), () -> operator.getContainingTask().isCanceled()),
        Limits.of(config),
        operator.getProcessingTimeService(),
        operator
            .getContainingTask()
            .getMailboxExecutorFactory()
            .createExecutor(operator.getOperatorConfig().getChainIndex()),
        keyed,
        new Batch(input, places, current),
        new Batch(input, places, current),
        new Emitter(result, sides, current),
        output);
  }

  private <O extends AbstractStreamOperator<Object> & Triggerable<Row, VoidNamespace>>
      KeyedSide keyed(O operator, KeySelector<Object, Row> selector) {
    KeyedStateBackend<Row> backend = operator.getKeyedStateBackend();
    if (backend.getClass().getSimpleName().startsWith("BatchExecution")) {
      throw new IllegalStateException(
          "fast(...) on a keyed stream does not run with execution.runtime-mode = BATCH; leave the"
              + " mode at STREAMING");
    }
    return new KeyedSide(
        selector,
        backend,
        operator.getInternalTimerService(TIMERS, VoidNamespaceSerializer.INSTANCE, operator),
        new KeyedBlobs(operator.getRuntimeContext(), backend),
        new KeyPlaces(key));
  }
}
