// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.operators.python.embedded.AbstractEmbeddedPythonFunctionOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.types.Row;

/**
 * A {@link BatchOperator} with the function in the Python of Flink's JVM.
 *
 * <p>It is no {@code AbstractEmbeddedDataStreamPythonFunctionOperator}: PyFlink would put others of
 * these in its place when it chains functions.
 */
public final class ThreadBatchOperator extends AbstractEmbeddedPythonFunctionOperator<Object>
    implements BatchOperator {
  private static final long serialVersionUID = 1L;

  private final FunctionPlan plan;
  private transient Batches batches;

  ThreadBatchOperator(Configuration config, FunctionPlan plan) {
    super(config);
    this.plan = plan;
  }

  @Override
  public FunctionPlan plan() {
    return plan;
  }

  @Override
  public Batches batches() {
    return batches;
  }

  @Override
  public void openPythonInterpreter() {
    // The function has its own, in its own thread.
  }

  @Override
  @SuppressWarnings("unchecked")
  public void open() throws Exception {
    super.open();
    KeySelector<Object, Row> keys =
        (KeySelector<Object, Row>) (KeySelector<?, ?>) stateKeySelector1;
    batches = plan.batches(this, new EmbeddedPython(plan.payload()), config, keys, output);
    batches.open(getRuntimeContext(), Patience.of(config));
  }

  @Override
  @SuppressWarnings("rawtypes")
  public void setKeyContextElement1(StreamRecord record) {
    // see setKeyContextElement
  }

  @Override
  public boolean isBundleFinished() {
    return batches.areEmpty();
  }

  @Override
  protected void invokeFinishBundle() throws Exception {
    if (batches != null) {
      batches.drain();
    }
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpoint) throws Exception {
    super.prepareSnapshotPreBarrier(checkpoint); // which drains
    batches.takeStates();
  }

  @Override
  public void finish() throws Exception {
    super.finish();
    batches.end();
  }

  @Override
  public void processWatermark(Watermark mark) throws Exception {
    batches.drain(); // else a record behind it would overtake the timers before it
    batches.watermark(mark.getTimestamp());
    super.processWatermark(mark);
  }

  @Override
  public void processWatermarkStatus(WatermarkStatus status) throws Exception {
    batches.drain();
    super.processWatermarkStatus(status);
  }

  @Override
  public void close() throws Exception {
    try {
      if (batches != null) {
        batches.close();
      }
    } finally {
      super.close();
    }
  }
}
