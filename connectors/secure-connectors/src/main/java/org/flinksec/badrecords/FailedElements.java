// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.flinksec.logging.LimitedWarnings;
import org.flinksec.logging.Tame;
import org.slf4j.LoggerFactory;

/**
 * Makes dead letters of what a guarded function of Python has failed with, or leaves that out.
 *
 * <p>Its input is the side output of the function: rows of texts, which are the element as JSON,
 * the exception's class, what is wrong, and the traceback.
 */
public final class FailedElements extends ProcessFunction<Row, byte[]> {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST_TRACE = 8_000;

  private final String function;
  private final OnBadRecord choice;
  private final boolean traced;
  private transient Current current;
  private transient Counter skipped;
  private transient LimitedWarnings warnings;

  private FailedElements(String function, OnBadRecord choice, boolean traced) {
    this.function = function;
    this.choice = choice;
    this.traced = traced;
  }

  /**
   * @param function its name, {@code module.function}
   * @param onError a word of {@link OnBadRecord} other than {@code fail}
   * @param traced whether the current record of the task is the one that the element was made of
   */
  public static FailedElements of(String function, String onError, boolean traced) {
    return new FailedElements(Tame.text(function), OnBadRecord.parse(onError), traced);
  }

  @Override
  public void open(OpenContext context) {
    current = Current.ofThread();
    skipped = getRuntimeContext().getMetricGroup().addGroup("flinksec").counter("skippedElements");
    warnings =
        new LimitedWarnings(LoggerFactory.getLogger(FailedElements.class), LimitedWarnings.SKIPPED);
  }

  @Override
  public void processElement(Row failed, Context context, Collector<byte[]> out) {
    Letter letter = letter(failed, context.timestamp());
    if (choice == OnBadRecord.DEAD_LETTER) {
      out.collect(letter.toBytes());
      return;
    }
    SkipTally.add(new Origin.Element(function).all());
    skipped.inc();
    warnings.warn(
        "Left out, as %s says: %s"
            .formatted(BadRecords.said(choice), letter.badRecord().message()));
  }

  private Letter letter(Row failed, Long timestamp) {
    Original record = traced ? current.original() : null;
    String trace = (String) failed.getField(3);
    return new Letter(
        Stage.FUNCTION,
        record,
        record != null ? null : ((String) failed.getField(0)).getBytes(StandardCharsets.UTF_8),
        timestamp == null ? -1 : timestamp,
        function,
        Tame.text((String) failed.getField(1)),
        Tame.text((String) failed.getField(2)),
        trace.length() > LONGEST_TRACE ? trace.substring(0, LONGEST_TRACE) : trace,
        null);
  }
}
