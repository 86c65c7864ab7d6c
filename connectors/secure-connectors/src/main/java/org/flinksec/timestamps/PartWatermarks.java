// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.util.clock.RelativeClock;

/**
 * The watermarks of a part of a source, or of the output that its parts have in common.
 *
 * <p>A part is idle when it has brought nothing for a time, and has been read to its end. Until
 * {@link Parts} says so, it has not.
 */
final class PartWatermarks<T> implements WatermarkGenerator<T> {
  private final WatermarkGenerator<T> watermarks;
  private final long idleNanos;
  private final RelativeClock clock;
  private final Growing growing = new Growing();
  private Parts parts;
  private boolean isOfAll;
  private long events;
  private long eventsBefore;
  private long quietSince;
  private volatile boolean quiet; // sources ask from their own threads
  private boolean read;
  private boolean idle;

  PartWatermarks(WatermarkGenerator<T> watermarks, long idleNanos, RelativeClock clock) {
    this.watermarks = watermarks;
    this.idleNanos = idleNanos;
    this.clock = clock;
    begin();
  }

  void linked(Parts to) {
    parts = to;
  }

  /** Of the output of a reader as a whole, which brings no events. */
  void linkedAsOfAll(Parts to) {
    linked(to);
    isOfAll = true;
  }

  @Override
  public void onEvent(T event, long timestamp, WatermarkOutput output) {
    watermarks.onEvent(event, timestamp, growing.into(output));
    events++;
  }

  @Override
  public void onPeriodicEmit(WatermarkOutput output) {
    if (isOfAll) {
      parts.tellOfAll(output, idleNanos, clock.relativeTimeNanos());
      return;
    }
    if (events != eventsBefore) {
      eventsBefore = events;
      begin();
    }
    watermarks.onPeriodicEmit(growing.into(output));
    quiet = quiet || clock.relativeTimeNanos() - quietSince >= idleNanos;
    if (quiet && parts != null) {
      parts.ask();
    }
    if (quiet && read && !idle) {
      idle = true;
      output.markIdle();
    }
  }

  private void begin() {
    quietSince = clock.relativeTimeNanos();
    quiet = false;
    idle = false;
  }

  /** Whether it has brought nothing for as long as what is idle brings nothing. */
  boolean isQuiet() {
    return quiet;
  }

  boolean isIdle() {
    return idle;
  }

  /** All that there is in it has been handed over. */
  void hasBeenRead() {
    read = true;
  }

  /** There is more in it, or nobody knows; for how long it has been quiet counts from now. */
  void hasNotBeenRead() {
    read = false;
    begin();
  }

  /** Flink takes a part for active whenever it emits, and strategies repeat what they emitted. */
  private static final class Growing implements WatermarkOutput {
    private WatermarkOutput output;
    private long last = Long.MIN_VALUE;

    Growing into(WatermarkOutput next) {
      output = next;
      return this;
    }

    @Override
    public void emitWatermark(Watermark watermark) {
      if (watermark.getTimestamp() > last) {
        last = watermark.getTimestamp();
        output.emitWatermark(watermark);
      }
    }

    @Override
    public void markIdle() {
      output.markIdle();
    }

    @Override
    public void markActive() {
      output.markActive();
    }
  }
}
