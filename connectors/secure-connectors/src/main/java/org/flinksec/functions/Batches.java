// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;
import org.apache.flink.types.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The batches of one operator: one is collected while Python works on the one before.
 *
 * <p>The states of a batch are read when it goes to Python, which is when those of the one before
 * are written, so that a key which is in both has its own. Results go out in the order of batches,
 * while Python works on the next. {@link #drain} waits for all; whoever calls it may be sure that
 * what comes behind does not overtake anything.
 *
 * <p>All is called in the task's thread.
 */
public final class Batches {
  private static final Logger LOG = LoggerFactory.getLogger(Batches.class);

  private final FunctionThread function;
  private final Answers answers;
  private final Limits limits;
  private final ProcessingTimeService clock;
  private final KeyedSide keyed;
  private final Emitter emitter;
  private final Output<StreamRecord<Object>> output;

  private Batch collected;
  private Batch other; // the one that is under way, if one is
  private boolean isUnderWay;
  private List<Row> keysUnderWay = List.of();
  private boolean pythonHasStates;
  private long watermark = Long.MIN_VALUE;

  private long firstAt;
  private long arrivals;
  private long seen;
  private boolean isArmed;
  private boolean isDue;
  private boolean isLoaded;
  private boolean isOpen;
  private boolean hasEnded;
  private ScheduledFuture<?> looking;

  /**
   * @param mailbox of the task, with this operator's place in its chain
   * @param keyed null on a stream without keys
   * @param one of two, which take turns
   */
  Batches(
      FunctionThread function,
      Limits limits,
      ProcessingTimeService clock,
      MailboxExecutor mailbox,
      KeyedSide keyed,
      Batch one,
      Batch other,
      Emitter emitter,
      Output<StreamRecord<Object>> output) {
    this.function = function;
    this.limits = limits;
    this.clock = clock;
    this.keyed = keyed;
    this.emitter = emitter;
    this.output = output;
    answers = new Answers(function);
    collected = one;
    this.other = other;
    function.whenDone(
        () -> {
          try {
            mailbox.execute(this::finishIfDone, "results of a Python function");
          } catch (RejectedExecutionException ended) {
            // Then the task asks for nothing more.
          }
        });
  }

  /** Loads and opens the function, and begins to look at it while it runs. */
  void open(RuntimeContext context, Patience patience) {
    function.load();
    isLoaded = true;
    KeyedBlobs states = keyed == null ? null : keyed.states();
    answers.read(function.call(python -> python.open(context, states)), collected);
    isOpen = true;
    long millis = Math.max(1, patience.looks() / 1_000_000);
    looking =
        clock.scheduleWithFixedDelay(
            timestamp -> {
              if (function.look()) {
                drain(); // which throws
              }
            },
            millis,
            millis);
  }

  void add(StreamRecord<Object> element) throws Exception {
    if (!collected.isEmpty() && collected.holdsTimers()) {
      drain();
    }
    Object value = element.getValue();
    if (keyed == null) {
      collected.add(null, value, element);
    } else {
      collected.add(keyed.keyOf(value), ((Row) value).getField(1), element);
    }
    arrived();
    if (collected.size() >= limits.records() || collected.bytes() >= limits.bytes()) {
      handOver();
    }
  }

  /**
   * Adds a timer that fires.
   *
   * <p>What is before it may still delete it, or register one that is earlier: records, and another
   * timer of its key. Then it goes back to where it came from until that is done.
   */
  void addTimer(Row key, long time, int kind) throws Exception {
    if (isUnderWay
        || !collected.isEmpty() && (collected.kind() != kind || keyed.places().has(key))) {
      keyed.putBack(time, kind);
      drain();
      return;
    }
    collected.addTimer(key, time, kind);
    arrived();
    if (collected.size() >= limits.records()) {
      drain();
    }
  }

  /** Whether nothing is collected, or in Python. */
  boolean areEmpty() {
    return collected.isEmpty() && !isUnderWay;
  }

  private void arrived() {
    arrivals++;
    if (collected.size() == 1) {
      firstAt = System.nanoTime();
      if (!isArmed) {
        arm();
      }
    }
  }

  /** Looks soon whether more has come: a record that nothing follows is not to wait. */
  private void arm() {
    isArmed = true;
    seen = arrivals;
    clock.registerTimer(clock.getCurrentProcessingTime(), this::look);
  }

  private void look(long timestamp) throws Exception {
    isArmed = false;
    if (collected.isEmpty()) {
      return;
    }
    if (seen != arrivals && System.nanoTime() - firstAt < limits.millis() * 1_000_000) {
      arm();
    } else if (collected.holdsTimers()) {
      drain();
    } else if (isUnderWay && !function.isDone()) {
      isDue = true; // until Python is free
    } else {
      handOver();
    }
  }

  /** What the mailbox runs when Python has done a batch for which nobody waits. */
  private void finishIfDone() throws Exception {
    if (!isUnderWay || !function.isDone()) {
      return; // somebody has waited meanwhile
    }
    if (isDue) {
      handOver();
    } else {
      finish();
    }
  }

  /**
   * Ends all batches: what comes behind overtakes nothing.
   *
   * @throws PythonFunctionException the function has raised, or has hung
   */
  void drain() throws Exception {
    if (isOpen && !collected.isEmpty()) {
      handOver();
    }
    if (isUnderWay) {
      finish();
    }
  }

  /** Gives what is collected to Python, as soon as the batch before is done. */
  private void handOver() throws Exception {
    Unpacker results = isUnderWay ? settled() : null;
    start();
    if (results != null) {
      emitter.emit(results, collected, output); // which is the one before, until it is cleared
      collected.clear();
    }
  }

  private void start() throws Exception {
    boolean stay = keyed != null && keyed.statesStay();
    function.start(collected.frame(watermark(), keyed == null ? null : keyed.states(), !stay));
    isUnderWay = true;
    isDue = false;
    Batch sent = collected;
    collected = other;
    other = sent;
    if (keyed != null) {
      keysUnderWay = keyed.places().all();
      keyed.places().next(stay);
      pythonHasStates = stay;
    }
  }

  private void finish() throws Exception {
    Unpacker results = settled();
    emitter.emit(results, other, output);
    other.clear();
  }

  /** Waits for the batch that is under way, and writes its states and timers; results are left. */
  private Unpacker settled() throws Exception {
    isUnderWay = false;
    Unpacker answer = answers.read(function.await(), other);
    if (keyed != null) {
      keyed.take(keysUnderWay, answer);
    }
    return answer;
  }

  /** Takes the states from Python that it has changed since the last time; nothing is under way. */
  void takeStates() throws Exception {
    if (pythonHasStates) {
      pythonHasStates = false;
      function.start(collected.frame(watermark(), keyed.states(), true));
      keyed.take(keyed.places().all(), answers.read(function.await(), collected));
      keyed.places().next(true);
    }
  }

  /**
   * @param mark that has come; all before it is drained
   */
  void watermark(long mark) {
    watermark = mark;
  }

  private long watermark() {
    return keyed == null ? watermark : keyed.watermark();
  }

  /** Ends the work: nothing more comes, and what was to be done is done. */
  void end() throws Exception {
    takeStates();
    hasEnded = true;
  }

  /**
   * Closes the function, and ends its thread.
   *
   * <p>A task that has failed, or is cancelled, cleans up, and Flink takes no failure then: it
   * would end the TaskManager, and the first failure would be lost. So one of closing is logged.
   */
  void close() {
    if (looking != null) {
      looking.cancel(false);
    }
    boolean isFirst = isLoaded;
    isLoaded = false; // whoever closes it again finds no thread to ask
    try {
      byte[] answer = function.close(isFirst);
      if (answer != null) {
        answers.read(answer, collected);
      }
    } catch (RuntimeException failure) {
      if (hasEnded) {
        throw failure;
      }
      LOG.error(
          "{} cannot be closed, and its task has ended without that", function.function(), failure);
    }
  }
}
