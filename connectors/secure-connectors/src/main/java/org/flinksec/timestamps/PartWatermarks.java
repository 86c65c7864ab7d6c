// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.util.clock.RelativeClock;

/**
 * The watermarks of a part of a source, or of the output that its parts have in common.
 *
 * <p>A part is idle when it is confirmed, after it has brought nothing for a time, that it has been
 * read to its end. What was confirmed before that says nothing of what has come since.
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
  private boolean unknown;
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
    if ((quiet || unknown) && parts != null) {
      parts.ask();
    }
  }

  private void begin() {
    quietSince = clock.relativeTimeNanos();
    quiet = false;
    unknown = false;
    idle = false;
  }

  /** Whether it has brought nothing for as long as what is idle brings nothing. */
  boolean isQuiet() {
    return quiet;
  }

  boolean isIdle() {
    return idle;
  }

  /**
   * All that there is in it has been handed over.
   *
   * @return whether it is idle by that, and was not before
   */
  boolean hasBeenRead() {
    if (idle || !quiet || events != eventsBefore) {
      return false;
    }
    idle = true;
    return true;
  }

  /** There is more in it: it is not idle until that has been read as well. */
  void hasMore() {
    idle = false;
  }

  /**
   * Nobody knows what is in it; for how long it has been quiet counts from now. Whoever may know it
   * is asked again before that.
   */
  void isUnknown() {
    begin();
    unknown = true;
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
