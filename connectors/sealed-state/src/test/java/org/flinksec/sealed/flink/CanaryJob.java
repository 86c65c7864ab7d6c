// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.flink.api.common.accumulators.ListAccumulator;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.co.KeyedBroadcastProcessFunction;
import org.apache.flink.streaming.api.functions.source.legacy.SourceFunction;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.Collector;

/**
 * Counts numbers per key in every kind of state that Flink has, with a word of its own in each.
 *
 * <p>It runs in the test's own process, so the test steers it by {@link Control}. Its figures come
 * out of timers at the end of the input: they are right only if every kind of state survived.
 */
final class CanaryJob {
  static final int KEYS = 20;

  private static final int PARALLELISM = 2;
  private static final String COUNT = ":";
  private static final MapStateDescriptor<String, String> RULES =
      new MapStateDescriptor<>("rules", Types.STRING, Types.STRING);

  private CanaryJob() {}

  /** Where a word of its own is kept. */
  enum Place {
    KEY,
    VALUE,
    LIST,
    MAP,
    UTF16LE,
    UTF16BE,
    OPERATOR,
    BROADCAST,
    TIMER,
    JOB_NAME,
    OPERATOR_CONFIG,
    JAR,
    RESULT;

    /** The places in checkpoints and savepoints; the others are in what the JobManager keeps. */
    static final Set<Place> OF_STATE = EnumSet.range(KEY, TIMER);

    private static final int LETTERS = 24;

    /** Letters that occur nowhere else. */
    String word() {
      Random random = new Random(name().hashCode());
      return random
          .ints(LETTERS, 'a', 'z' + 1)
          .mapToObj(Character::toString)
          .collect(Collectors.joining());
    }
  }

  /** What the test tells the job, and the job the test. */
  static final class Control {
    /** The source emits the numbers below this one, and ends at {@link #total}. */
    static volatile long limit;

    static volatile long total;

    /** The number at which the job fails, once. */
    static volatile long failAt;

    /** Up to which number the last complete checkpoint reaches. */
    static volatile long checkpointedTo;

    static volatile int restores;
    private static volatile boolean ruleSent;
    private static final AtomicInteger RULES_SEEN = new AtomicInteger();

    /** Per key: what the keyed state says, and what the operator with timers has counted. */
    static final Map<String, String> KEYED = new ConcurrentHashMap<>();

    static final Map<String, Long> TIMED = new ConcurrentHashMap<>();

    private Control() {}

    static void reset(long numbers) {
      limit = 0;
      total = numbers;
      failAt = -1;
      checkpointedTo = -1;
      restores = 0;
      ruleSent = false;
      RULES_SEEN.set(0);
      KEYED.clear();
      TIMED.clear();
    }

    static synchronized void failOnceAt(long number) {
      if (number == failAt) {
        failAt = -1;
        throw new IllegalStateException("the failure that the test asked for");
      }
    }
  }

  static String key(long number) {
    return Place.KEY.word() + number % KEYS;
  }

  static StreamGraph graph(Configuration config) {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
    env.setParallelism(PARALLELISM);
    env.addSource(new Numbers(), "numbers", Types.LONG)
        .uid("numbers")
        .keyBy(CanaryJob::key, Types.STRING)
        .connect(env.addSource(new Rule(), "rule", Types.STRING).uid("rule").broadcast(RULES))
        .process(new Keyed(), Types.STRING)
        .uid("keyed")
        .keyBy(key -> key, Types.STRING)
        .transform("timed", Types.STRING, new Timed())
        .uid("timed");
    StreamGraph graph = env.getStreamGraph();
    graph.setJobName(Place.JOB_NAME.word());
    return graph;
  }

  private static final class Numbers
      implements SourceFunction<Long>, CheckpointedFunction, CheckpointListener {
    private final Map<Long, Long> snapshots = new ConcurrentHashMap<>();
    private transient ListState<String> positions;
    private volatile boolean running = true;
    private long next;

    @Override
    public void run(SourceContext<Long> out) throws Exception {
      while (running && next < Control.total) {
        if (next >= Control.limit || Control.RULES_SEEN.get() < PARALLELISM) {
          Thread.sleep(2);
          continue;
        }
        synchronized (out.getCheckpointLock()) {
          out.collect(next++);
        }
      }
    }

    @Override
    public void cancel() {
      running = false;
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
      positions =
          context
              .getOperatorStateStore()
              .getListState(new ListStateDescriptor<>("positions", Types.STRING));
      if (context.isRestored()) {
        String position = positions.get().iterator().next();
        next = Long.parseLong(position.substring(position.indexOf(COUNT) + 1));
        Control.restores++;
      }
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
      positions.clear();
      positions.add(Place.OPERATOR.word() + COUNT + next);
      snapshots.put(context.getCheckpointId(), next);
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) {
      Control.checkpointedTo =
          Math.max(Control.checkpointedTo, snapshots.getOrDefault(checkpoint, -1L));
    }
  }

  /** Sends the rule once and never again: after a restore only the broadcast state has it. */
  private static final class Rule implements SourceFunction<String> {
    private volatile boolean running = true;

    @Override
    public void run(SourceContext<String> out) throws Exception {
      if (!Control.ruleSent) {
        Control.ruleSent = true;
        out.collect(Place.BROADCAST.word());
      }
      while (running && Control.limit < Control.total) {
        Thread.sleep(2);
      }
    }

    @Override
    public void cancel() {
      running = false;
    }
  }

  private static final class Keyed
      extends KeyedBroadcastProcessFunction<String, Long, String, String> {
    private final String config = Place.OPERATOR_CONFIG.word();
    private final ListAccumulator<String> result = new ListAccumulator<>();
    private final ValueStateDescriptor<String> sumDescriptor =
        new ValueStateDescriptor<>("sum", Types.STRING);
    private final ListStateDescriptor<String> seenDescriptor =
        new ListStateDescriptor<>("seen", Types.STRING);
    private final MapStateDescriptor<String, Long> digitsDescriptor =
        new MapStateDescriptor<>("digits", Types.STRING, Types.LONG);
    private final ListStateDescriptor<byte[]> bytesDescriptor =
        new ListStateDescriptor<>("bytes", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);

    @Override
    public void open(OpenContext context) {
      getRuntimeContext().addAccumulator("result", result);
    }

    @Override
    public void processElement(Long number, ReadOnlyContext context, Collector<String> out)
        throws Exception {
      Control.failOnceAt(number);
      String rule = context.getBroadcastState(RULES).get(Place.BROADCAST.word());
      if (!Place.BROADCAST.word().equals(rule)) {
        throw new IllegalStateException("the broadcast state lost its rule");
      }
      ValueState<String> sum = getRuntimeContext().getState(sumDescriptor);
      sum.update(Place.VALUE.word() + COUNT + (sumOf(sum.value()) + number));
      getRuntimeContext().getListState(seenDescriptor).add(Place.LIST.word() + number);
      MapState<String, Long> digits = getRuntimeContext().getMapState(digitsDescriptor);
      String digit = Place.MAP.word() + number / KEYS % 10;
      digits.put(digit, digits.contains(digit) ? digits.get(digit) + 1 : 1L);
      ListState<byte[]> bytes = getRuntimeContext().getListState(bytesDescriptor);
      bytes.add(Place.UTF16LE.word().getBytes(StandardCharsets.UTF_16LE));
      bytes.add(Place.UTF16BE.word().getBytes(StandardCharsets.UTF_16BE));
      context.timerService().registerEventTimeTimer(Long.MAX_VALUE - 1);
      out.collect(context.getCurrentKey());
    }

    @Override
    public void processBroadcastElement(String rule, Context context, Collector<String> out)
        throws Exception {
      context.getBroadcastState(RULES).put(rule, rule);
      Control.RULES_SEEN.incrementAndGet();
    }

    @Override
    public void onTimer(long time, OnTimerContext context, Collector<String> out) throws Exception {
      long sum = sumOf(getRuntimeContext().getState(sumDescriptor).value());
      int seen = 0;
      for (String word : getRuntimeContext().getListState(seenDescriptor).get()) {
        seen += word.startsWith(Place.LIST.word()) ? 1 : 0;
      }
      long digits = 0;
      for (long count : getRuntimeContext().getMapState(digitsDescriptor).values()) {
        digits += count;
      }
      if (!config.equals(Place.OPERATOR_CONFIG.word())) {
        throw new IllegalStateException("the operator lost its configuration");
      }
      result.add(Place.RESULT.word());
      Control.KEYED.put(context.getCurrentKey(), figures(sum, seen, digits));
    }

    private static long sumOf(String text) {
      return text == null ? 0 : Long.parseLong(text.substring(text.indexOf(COUNT) + 1));
    }
  }

  static String figures(long sum, long seen, long digits) {
    return "sum %d, seen %d, digits %d".formatted(sum, seen, digits);
  }

  /** Timers with a namespace, as windows have them: the word is in it. */
  private static final class Timed extends AbstractStreamOperator<String>
      implements OneInputStreamOperator<String, String>, Triggerable<String, String> {
    private transient InternalTimerService<String> timers;
    private transient ValueState<Long> count;

    @Override
    public void open() throws Exception {
      super.open();
      timers = getInternalTimerService("timers", StringSerializer.INSTANCE, this);
      count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
    }

    @Override
    public void processElement(StreamRecord<String> key) throws Exception {
      count.update(count.value() == null ? 1 : count.value() + 1);
      timers.registerEventTimeTimer(Place.TIMER.word(), Long.MAX_VALUE - 1);
    }

    @Override
    public void onEventTime(InternalTimer<String, String> timer) throws Exception {
      if (timer.getNamespace().equals(Place.TIMER.word())) {
        Control.TIMED.put(timer.getKey(), count.value());
      }
    }

    @Override
    public void onProcessingTime(InternalTimer<String, String> timer) {
      throw new UnsupportedOperationException();
    }
  }
}
