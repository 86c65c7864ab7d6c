// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.event.WatermarkEvent;
import org.apache.flink.runtime.metrics.groups.UnregisteredMetricGroups;
import org.apache.flink.streaming.api.operators.source.TimestampsAndWatermarks;
import org.apache.flink.streaming.runtime.io.PushingAsyncDataInput;
import org.apache.flink.streaming.runtime.streamrecord.LatencyMarker;
import org.apache.flink.streaming.runtime.streamrecord.RecordAttributes;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.TestProcessingTimeService;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.util.clock.ManualClock;

/** Parts that are read into Flink's own outputs, by a clock of the test. */
public final class ReadParts<T> implements PushingAsyncDataInput.DataOutput<T> {
  public final Parts parts = new Parts();

  /** What an operator behind the source sees: watermarks, {@code IDLE} and {@code ACTIVE}. */
  public final List<Object> told = new ArrayList<>();

  private final ManualClock clock = new ManualClock();
  private final TimestampsAndWatermarks<T> flinks;
  private final ReaderOutput<T> output;

  public ReadParts(WatermarkStrategy<T> strategy) {
    flinks =
        TimestampsAndWatermarks.createProgressiveEventTimeLogic(
            strategy,
            new UnregisteredMetricsGroup(),
            new TestProcessingTimeService(),
            200,
            clock,
            clock,
            UnregisteredMetricGroups.createUnregisteredTaskMetricGroup().getIOMetricGroup());
    output = flinks.createMainOutput(this, new Nobody());
    poll();
  }

  /** What a poll does before it reads. */
  public ReaderOutput<T> poll() {
    return parts.outputs(output);
  }

  public void add(String... ids) {
    assign(ids);
    poll();
  }

  /** Adds parts, after which nothing is read yet. */
  public void assign(String... ids) {
    for (String id : ids) {
      output.createOutputForSplit(id);
    }
    parts.added(List.of(ids));
  }

  public void read(String id, T element) {
    poll().createOutputForSplit(id).collect(element);
  }

  /** Lets time pass in which watermarks are emitted all the time. */
  public void pass(Duration time) {
    for (long second = 0; second < time.toSeconds(); second++) {
      flinks.emitImmediateWatermark(0);
      clock.advanceTime(Duration.ofSeconds(1));
    }
    flinks.emitImmediateWatermark(0);
  }

  @Override
  public void emitRecord(StreamRecord<T> element) {
    // Only what is told of time is looked at.
  }

  @Override
  public void emitWatermark(org.apache.flink.streaming.api.watermark.Watermark watermark) {
    told.add(watermark.getTimestamp());
  }

  @Override
  public void emitWatermarkStatus(WatermarkStatus status) {
    told.add(status.isIdle() ? "IDLE" : "ACTIVE");
  }

  @Override
  public void emitLatencyMarker(LatencyMarker marker) {
    throw new AssertionError(marker);
  }

  @Override
  public void emitRecordAttributes(RecordAttributes attributes) {
    throw new AssertionError(attributes);
  }

  @Override
  public void emitWatermark(WatermarkEvent watermark) {
    throw new AssertionError(watermark);
  }

  private static final class Nobody implements TimestampsAndWatermarks.WatermarkUpdateListener {
    @Override
    public void updateIdle(boolean idle) {
      // Nobody listens.
    }

    @Override
    public void updateCurrentEffectiveWatermark(long watermark) {
      // Nobody listens.
    }

    @Override
    public void updateCurrentSplitWatermark(String id, long watermark) {
      // Nobody listens.
    }

    @Override
    public void updateCurrentSplitIdle(String id, boolean idle) {
      // Nobody listens.
    }

    @Override
    public void splitFinished(String id) {
      // Nobody listens.
    }
  }
}
