// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import java.lang.reflect.Field;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.runtime.metrics.groups.InternalSourceReaderMetricGroup;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.api.operators.SourceOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.metrics.WatermarkGauge;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.SourceOperatorStreamTask;
import org.apache.flink.streaming.runtime.tasks.SourceOperatorStreamTask.AsyncDataOutputToOutput;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * What the task of a source says its last watermark to, which is said by those that are idle, too.
 *
 * <p>At the end of an input, and when a job is stopped with a drain, Flink's task of a source emits
 * the last watermark, by which all windows fire. Its outputs drop every watermark while the source
 * is idle, and a drain does not ask the reader: what windows of idle sources held was gone, since
 * the savepoint of a drain is one behind the end.
 */
final class EndOfTime<T> extends AsyncDataOutputToOutput<T> {
  private final Output<StreamRecord<T>> output;

  private EndOfTime(Output<StreamRecord<T>> output, InternalSourceReaderMetricGroup metrics) {
    super(output, metrics, null);
    this.output = output;
  }

  @Override
  public void emitWatermark(Watermark watermark) {
    if (watermark.equals(Watermark.MAX_WATERMARK)) {
      output.emitWatermarkStatus(WatermarkStatus.ACTIVE);
    }
    super.emitWatermark(watermark);
  }

  /**
   * Has the last watermark said in the task of a reader.
   *
   * @param context of the reader, whose task is about to run
   */
  static void isToldIn(SourceReaderContext context) {
    if (!SourceOperator.class.equals(context.getClass().getEnclosingClass())) {
      return; // of a test
    }
    SourceOperator<?, ?> operator =
        (SourceOperator<?, ?>) IdleOnceRead.privately(context.getClass(), "this$0", context);
    if (operator.getContainingTask() instanceof SourceOperatorStreamTask<?> task) {
      isToldIn(task);
    }
  }

  @SuppressWarnings("unchecked") // it is of what the task's source gives
  private static <T> void isToldIn(SourceOperatorStreamTask<T> task) {
    try {
      Field field = SourceOperatorStreamTask.class.getDeclaredField("output");
      field.setAccessible(true);
      Object flinks = field.get(task);
      Class<?> type = AsyncDataOutputToOutput.class;
      WatermarkGauge gauge =
          (WatermarkGauge) IdleOnceRead.privately(type, "inputWatermarkGauge", flinks);
      if (gauge != null) {
        throw new IllegalStateException("another release of Flink");
      }
      field.set(
          task,
          new EndOfTime<>(
              (Output<StreamRecord<T>>) IdleOnceRead.privately(type, "output", flinks),
              (InternalSourceReaderMetricGroup)
                  IdleOnceRead.privately(type, "metricGroup", flinks)));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("another release of Flink", e);
    }
  }
}
