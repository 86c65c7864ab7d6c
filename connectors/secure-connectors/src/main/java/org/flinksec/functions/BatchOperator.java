// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.api.operators.python.embedded.AbstractEmbeddedPythonFunctionOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.types.Row;
import org.apache.flink.util.OutputTag;
import org.flinksec.badrecords.Current;
import org.flinksec.badrecords.FailedStreams;
import org.flinksec.rows.Shape;

/**
 * Runs a Python function in thread mode: records go to Python in batches, with the states of their
 * keys, and results come back the same way.
 *
 * <p>A batch is over when it is full, when nothing has come for a moment, and before all that must
 * not overtake it: watermarks, barriers, timers, the end. So checkpoints, timers and order are
 * Flink's own.
 *
 * <p>It is no {@code AbstractEmbeddedDataStreamPythonFunctionOperator}: PyFlink would put others of
 * these in its place when it chains functions.
 */
public final class BatchOperator extends AbstractEmbeddedPythonFunctionOperator<Object>
    implements OneInputStreamOperator<Object, Object>,
        Triggerable<Row, VoidNamespace>,
        FailedStreams.AsksForSideOutputs {
  private static final long serialVersionUID = 1L;
  private static final String TIMERS = "user-timers"; // PyFlink's own name
  private static final String START =
      """
      from flinksec_jobs.functions.runner import Runner as _flinksec_Runner
      _flinksec_runner = _flinksec_Runner(bytes(_flinksec_payload))
      _flinksec_name = _flinksec_runner.name
      def _flinksec_call(frame):
          if len(frame) > 1:
              return _flinksec_runner.call(frame)
          if frame == b"c":
              return _flinksec_runner.close()
          return _flinksec_runner.open(
              _flinksec_context, _flinksec_parameters, _flinksec_states)
      """
          + FunctionThread.kept("_flinksec_call");

  private static final byte[] TO_OPEN = {'o'};
  private static final byte[] TO_CLOSE = {'c'};

  private final byte[] payload;
  private final Shape input;
  private final Shape key;
  private final Shape result;
  private final boolean traced;
  private final Map<String, Side> sides = new LinkedHashMap<>();

  private long watermark = Long.MIN_VALUE;
  private transient FunctionThread function;
  private transient Batch batch;
  private transient Emitter emitter;
  private transient Limits limits;
  private transient KeySelector<Object, Row> keys;
  private transient KeyedBlobs states;
  private transient InternalTimerService<VoidNamespace> timers;
  private transient KeyedStateBackend<Row> backend;
  private transient long firstAt;
  private transient long arrivals;
  private transient long seen;
  private transient boolean armed;
  private transient boolean opened;
  private transient boolean pythonHasStates;

  /** A side output that somebody reads. */
  static final class Side implements Serializable {
    private static final long serialVersionUID = 1L;

    private final OutputTag<Object> tag;
    private final Shape shape;
    private transient Crossing crossing;

    Side(OutputTag<Object> tag, Shape shape) {
      this.tag = tag;
      this.shape = shape;
    }

    OutputTag<Object> tag() {
      return tag;
    }

    Crossing crossing() {
      if (crossing == null) {
        crossing = Crossing.of(shape);
      }
      return crossing;
    }
  }

  /**
   * @param config of the job
   * @param payload the function and all about it, pickled
   * @param input of an element; where there is a key, of what is behind it
   * @param key null on a stream without keys
   * @param result of the main output
   * @param traced whether the current record of the task is the one that an element was made of
   */
  BatchOperator(
      Configuration config, byte[] payload, Shape input, Shape key, Shape result, boolean traced) {
    super(config);
    this.payload = payload;
    this.input = input;
    this.key = key;
    this.result = result;
    this.traced = traced;
  }

  @Override
  @SuppressWarnings("unchecked")
  public void addSideOutput(String id, TypeInformation<?> type) {
    sides.putIfAbsent(
        id,
        new Side(new OutputTag<>(id, (TypeInformation<Object>) type), BatchFunctions.shape(type)));
  }

  @Override
  public void openPythonInterpreter() {
    function = new FunctionThread(Patience.of(config), () -> getContainingTask().isCanceled());
    function.call(
        python -> {
          python.set("_flinksec_payload", payload);
          python.exec(START);
          function.named(python.get("_flinksec_name", String.class));
          return null;
        });
  }

  @Override
  @SuppressWarnings("unchecked")
  public void open() throws Exception {
    limits = Limits.of(config);
    if (key != null) {
      backend = getKeyedStateBackend();
      if (backend.getClass().getSimpleName().startsWith("BatchExecution")) {
        throw new IllegalStateException(
            "fast(...) on a keyed stream does not run with execution.runtime-mode = BATCH; leave"
                + " the mode at STREAMING");
      }
      keys = (KeySelector<Object, Row>) (KeySelector<?, ?>) stateKeySelector1;
      states = new KeyedBlobs(getRuntimeContext(), backend);
      timers = getInternalTimerService(TIMERS, VoidNamespaceSerializer.INSTANCE, this);
    }
    super.open();
    Current current = traced ? Current.ofThread() : null;
    batch = new Batch(input, key, current);
    emitter = new Emitter(result, sides, current);
    openFunction();
    opened = true;
  }

  private void openFunction() {
    function.call(
        python -> {
          python.set("_flinksec_context", getRuntimeContext());
          python.set("_flinksec_parameters", getRuntimeContext().getGlobalJobParameters());
          python.set("_flinksec_states", states);
          return null;
        });
    answered(TO_OPEN);
  }

  /**
   * Calls Python, and throws what has been raised there; what is left is the rest of the answer.
   */
  private Unpacker answered(byte[] frame) {
    // Always by the same name: when another function is called, Pemja gives back a reference to
    // the one before that it never took, and Python's collector meets freed memory.
    FunctionThread.Work work = python -> (byte[]) python.invoke("_flinksec_call", (Object) frame);
    byte[] bytes = frame.length > 1 ? function.callWithRecords(work) : function.call(work);
    FunctionThread.Hung hung = function.hung();
    if (bytes == null) {
      throw hung(hung);
    }
    Unpacker answer = new Unpacker(bytes);
    answer.arrayHeader();
    if (!answer.nil()) {
      answer.arrayHeader();
      int[] items = new int[answer.arrayHeader()];
      for (int i = 0; i < items.length; i++) {
        items[i] = answer.small();
      }
      String where = batch.where(items);
      PythonFunctionException raised = PythonFunctionException.read(answer, where);
      throw hung == null ? raised : hung(hung, where, raised.getStackTrace());
    }
    if (hung != null) {
      throw hung(hung);
    }
    return answer;
  }

  private PythonFunctionException hung(FunctionThread.Hung hung) {
    FunctionWatch.Seen seen = hung.seen();
    String where = seen.isAnswered() ? batch.where(seen.item()) : FunctionWatch.Seen.KEPT;
    return hung(hung, where, seen.frames());
  }

  private PythonFunctionException hung(
      FunctionThread.Hung hung, String where, StackTraceElement[] frames) {
    return PythonFunctionException.hung(function.function(), hung.seconds(), where, frames);
  }

  @Override
  @SuppressWarnings("rawtypes")
  public void setKeyContextElement1(StreamRecord record) {
    // the key is set once for each key of a batch, not for each record
  }

  @Override
  public void setKeyContextElement(StreamRecord<Object> record) {}

  @Override
  public void processElement(StreamRecord<Object> element) throws Exception {
    if (elementCount > 0 && batch.holdsTimers()) {
      invokeFinishBundle();
    }
    Object value = element.getValue();
    if (keys != null) {
      batch.add(keys.getKey(value), ((Row) value).getField(1), element);
    } else {
      batch.add(null, value, element);
    }
    arrived();
    if (elementCount >= limits.records() || batch.bytes() >= limits.bytes()) {
      invokeFinishBundle();
    }
  }

  private void arrived() {
    arrivals++;
    if (++elementCount == 1) {
      firstAt = System.nanoTime();
      if (!armed) {
        arm();
      }
    }
  }

  /** Looks soon whether more has come: a record that nothing follows is not to wait. */
  private void arm() {
    armed = true;
    seen = arrivals;
    getProcessingTimeService()
        .registerTimer(getProcessingTimeService().getCurrentProcessingTime(), this::look);
  }

  private void look(long timestamp) throws Exception {
    armed = false;
    if (elementCount == 0) {
      return;
    }
    if (seen == arrivals || System.nanoTime() - firstAt >= limits.millis() * 1_000_000) {
      invokeFinishBundle();
    } else {
      arm();
    }
  }

  @Override
  public void onEventTime(InternalTimer<Row, VoidNamespace> timer) throws Exception {
    if (mustWait(timer, Batch.EVENT_TIMERS)) {
      timers.registerEventTimeTimer(VoidNamespace.INSTANCE, timer.getTimestamp());
      invokeFinishBundle();
    } else {
      fire(timer, Batch.EVENT_TIMERS);
    }
  }

  @Override
  public void onProcessingTime(InternalTimer<Row, VoidNamespace> timer) throws Exception {
    if (mustWait(timer, Batch.PROCESSING_TIMERS)) {
      timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, timer.getTimestamp());
      invokeFinishBundle();
    } else {
      fire(timer, Batch.PROCESSING_TIMERS);
    }
  }

  /**
   * Whether something before this timer may still delete it, or register one that is earlier:
   * records, and another timer of its key. Then it goes back to where it came from until that is
   * done.
   */
  private boolean mustWait(InternalTimer<Row, VoidNamespace> timer, int kind) {
    return elementCount > 0 && (batch.kind() != kind || batch.has(timer.getKey()));
  }

  private void fire(InternalTimer<Row, VoidNamespace> timer, int kind) throws Exception {
    batch.addTimer(timer.getKey(), timer.getTimestamp(), kind);
    arrived();
    if (elementCount >= limits.records()) {
      invokeFinishBundle();
    }
  }

  @Override
  protected void invokeFinishBundle() throws Exception {
    if (!opened) {
      return;
    }
    if (elementCount > 0) {
      elementCount = 0; // before what may end up here again
      flush();
    }
    Runnable held = bundleFinishedCallback;
    if (held != null) {
      bundleFinishedCallback = null; // before it runs, for the same reason
      held.run();
    }
  }

  private void flush() throws Exception {
    boolean keysStay = states != null && states.canStay() && !batch.hasManyKeys();
    Unpacker answer = answered(batch.frame(currentWatermark(), states, !keysStay));
    if (states != null) {
      states.read(batch.keys(), answer);
      changeTimers(answer);
    }
    emitter.emit(answer, batch, output);
    batch.clear(keysStay);
    pythonHasStates = keysStay;
  }

  private long currentWatermark() {
    return timers == null ? watermark : timers.currentWatermark();
  }

  /** Takes the states from Python that it has changed since the last time. */
  private void takeStates() throws Exception {
    if (pythonHasStates) {
      pythonHasStates = false;
      Unpacker answer = answered(batch.frame(currentWatermark(), states, true));
      states.read(batch.keys(), answer);
      batch.clear(true);
    }
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpoint) throws Exception {
    super.prepareSnapshotPreBarrier(checkpoint); // which ends the batch
    takeStates();
  }

  @Override
  public void finish() throws Exception {
    super.finish();
    takeStates();
  }

  private void changeTimers(Unpacker answer) {
    int count = answer.arrayHeader();
    for (int i = 0; i < count; i += 3) {
      backend.setCurrentKey(batch.keys().get(answer.small()));
      int what = answer.small();
      long when = answer.whole();
      switch (what) {
        case 0 -> timers.registerEventTimeTimer(VoidNamespace.INSTANCE, when);
        case 1 -> timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, when);
        case 2 -> timers.deleteEventTimeTimer(VoidNamespace.INSTANCE, when);
        default -> timers.deleteProcessingTimeTimer(VoidNamespace.INSTANCE, when);
      }
    }
  }

  @Override
  public void processWatermark(Watermark mark) throws Exception {
    invokeFinishBundle(); // else a record behind it would overtake the timers before it
    watermark = mark.getTimestamp();
    super.processWatermark(mark);
  }

  @Override
  public void processWatermarkStatus(WatermarkStatus status) throws Exception {
    invokeFinishBundle();
    super.processWatermarkStatus(status);
  }

  @Override
  public void close() throws Exception {
    try {
      if (function != null && !function.isLeft() && batch != null) {
        answered(TO_CLOSE);
      }
    } finally {
      if (function != null) {
        function.close();
      }
      super.close();
    }
  }
}
