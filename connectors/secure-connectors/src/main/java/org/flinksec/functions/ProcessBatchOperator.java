// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.io.File;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.python.env.PythonDependencyInfo;
import org.apache.flink.python.env.process.ProcessPythonEnvironmentManager;
import org.apache.flink.streaming.api.operators.python.AbstractPythonFunctionOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.types.Row;

/** A {@link BatchOperator} with the function in a process of its own. */
public final class ProcessBatchOperator extends AbstractPythonFunctionOperator<Object>
    implements BatchOperator {
  private static final long serialVersionUID = 1L;
  private static final String PROGRAM = "flinksec_jobs.functions.own_process";
  // PyFlink's names: of the directory of archives, and of the interpreter
  private static final String DIRECTORY = "_PYTHON_WORKING_DIR";
  private static final String INTERPRETER = "python";

  private final FunctionPlan plan;
  private transient Batches batches;
  private transient ProcessPythonEnvironmentManager environments;

  ProcessBatchOperator(Configuration config, FunctionPlan plan) {
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
  protected ProcessPythonEnvironmentManager createPythonEnvironmentManager() {
    return new ProcessPythonEnvironmentManager(
        PythonDependencyInfo.create(config, getRuntimeContext().getDistributedCache()),
        getContainingTask().getEnvironment().getTaskManagerInfo().getTmpDirectories(),
        new HashMap<>(System.getenv()),
        getRuntimeContext().getJobInfo().getJobId());
  }

  @Override
  @SuppressWarnings("unchecked")
  public void open() throws Exception {
    super.open();
    environments = createPythonEnvironmentManager();
    environments.open();
    Map<String, String> environment = new HashMap<>(environments.getPythonEnv());
    String directory = environment.get(DIRECTORY);
    ProcessPython python =
        new ProcessPython(
            new ProcessPython.ProcessStart(
                List.of(environment.get(INTERPRETER), "-P", "-m", PROGRAM),
                environment,
                directory == null ? null : new File(directory),
                Limits.of(config).processBytes()),
            plan.payload(),
            new ProcessMetrics(getRuntimeContext().getMetricGroup()));
    KeySelector<Object, Row> keys =
        (KeySelector<Object, Row>) (KeySelector<?, ?>) stateKeySelector1;
    batches = plan.batches(this, python, config, keys, output);
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
      if (environments != null) {
        environments.close();
      }
      super.close();
    }
  }
}
