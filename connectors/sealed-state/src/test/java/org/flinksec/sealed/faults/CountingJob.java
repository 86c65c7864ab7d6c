// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.faults;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.functions.source.legacy.SourceFunction;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.util.Collector;

/**
 * Adds up 0, 1, 2, … per remainder, each sum with some kilobytes beside it, so that every
 * checkpoint has files. Says on standard output what became of each checkpoint.
 */
final class CountingJob {
  static final int KEYS = 16;

  private static final int PADDING = 4096;

  /** Set to end the input where it is. */
  static volatile boolean endInput;

  private CountingJob() {}

  static StreamGraph graph(String checkpoints) {
    Configuration config =
        Configuration.fromMap(
            Map.of(
                "execution.checkpointing.interval",
                "30 ms",
                "execution.checkpointing.dir",
                Plugin.sealed(checkpoints).toString(),
                "execution.checkpointing.data-inline-threshold",
                "0 b",
                "execution.checkpointing.tolerable-failed-checkpoints",
                "1000",
                "execution.checkpointing.externalized-checkpoint-retention",
                "RETAIN_ON_CANCELLATION",
                "restart-strategy.type",
                "none"));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
    env.setParallelism(1);
    env.addSource(new Numbers(), "numbers", Types.LONG)
        .uid("numbers")
        .keyBy(number -> (int) (number % KEYS), Types.INT)
        .process(new Sum(), Types.LONG)
        .uid("sum")
        .sinkTo(new DiscardingSink<>());
    return env.getStreamGraph();
  }

  private static void say(String format, Object... arguments) {
    System.out.println(format.formatted(arguments));
    System.out.flush();
  }

  private static final class Numbers
      implements SourceFunction<Long>, CheckpointedFunction, CheckpointListener {
    private final Map<Long, Long> positions = new ConcurrentHashMap<>();
    private transient ListState<Long> position;
    private volatile boolean running = true;
    private long next;

    @Override
    public void run(SourceContext<Long> out) throws Exception {
      while (running && !endInput) {
        synchronized (out.getCheckpointLock()) {
          out.collect(next++);
        }
        if (next % KEYS == 0) {
          Thread.sleep(1);
        }
      }
      say("end %d", next);
    }

    @Override
    public void cancel() {
      running = false;
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
      position =
          context
              .getOperatorStateStore()
              .getListState(new ListStateDescriptor<>("position", Types.LONG));
      if (context.isRestored()) {
        next = position.get().iterator().next();
        say("restored %d", next);
      }
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
      position.clear();
      position.add(next);
      positions.put(context.getCheckpointId(), next);
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) {
      say("complete %d %d", checkpoint, positions.getOrDefault(checkpoint, -1L));
    }

    @Override
    public void notifyCheckpointAborted(long checkpoint) {
      say("aborted %d", checkpoint);
    }
  }

  private static final class Sum extends KeyedProcessFunction<Integer, Long, Long> {
    private final ValueStateDescriptor<Long> sumDescriptor =
        new ValueStateDescriptor<>("sum", Types.LONG);
    private final ValueStateDescriptor<String> paddingDescriptor =
        new ValueStateDescriptor<>("padding", Types.STRING);

    @Override
    public void processElement(Long number, Context context, Collector<Long> out) throws Exception {
      ValueState<Long> sum = getRuntimeContext().getState(sumDescriptor);
      if (sum.value() == null) {
        getRuntimeContext().getState(paddingDescriptor).update("x".repeat(PADDING));
        context.timerService().registerEventTimeTimer(Long.MAX_VALUE - 1);
      }
      sum.update((sum.value() == null ? 0 : sum.value()) + number);
    }

    /** The input has ended. */
    @Override
    public void onTimer(long time, OnTimerContext context, Collector<Long> out) throws Exception {
      long sum = getRuntimeContext().getState(sumDescriptor).value();
      int padding = getRuntimeContext().getState(paddingDescriptor).value().length();
      say("sum %d %d %b", context.getCurrentKey(), sum, padding == PADDING);
    }
  }
}
