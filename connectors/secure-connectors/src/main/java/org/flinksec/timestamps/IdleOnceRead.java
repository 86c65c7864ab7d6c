// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import java.lang.reflect.Field;
import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.TimestampAssignerSupplier;
import org.apache.flink.api.common.eventtime.WatermarkAlignmentParams;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.eventtime.WatermarksWithIdleness;

/**
 * Watermarks with idleness of which a part of a source is left out only once it has been read.
 *
 * <p>Flink's own leave out whatever brings nothing for a time, by the clock on the wall. Where
 * reading stands still, for servers that are away or slow, that is a partition full of unread
 * records. When it goes on, those of another partition move the watermark past them, and windows
 * drop them without a word.
 *
 * <p>The readers of the sources must be {@link PartsReader}s; else no part is ever left out.
 */
public final class IdleOnceRead<T> implements WatermarkStrategy<T> {
  private static final long serialVersionUID = 1L;

  private final WatermarkStrategy<T> strategy;

  private IdleOnceRead(WatermarkStrategy<T> strategy) {
    this.strategy = strategy;
  }

  /**
   * Changes what idleness means.
   *
   * @param strategy with idleness; one without stays as it is
   */
  public static <T> WatermarkStrategy<T> of(WatermarkStrategy<T> strategy) {
    return new IdleOnceRead<>(strategy);
  }

  @Override
  public TimestampAssigner<T> createTimestampAssigner(TimestampAssignerSupplier.Context context) {
    return strategy.createTimestampAssigner(context);
  }

  @Override
  public WatermarkGenerator<T> createWatermarkGenerator(
      WatermarkGeneratorSupplier.Context context) {
    WatermarkGenerator<T> made = strategy.createWatermarkGenerator(context);
    return made instanceof WatermarksWithIdleness
        ? new PartWatermarks<>(within(made), idleNanos(made), context.getInputActivityClock())
        : made;
  }

  @Override
  public WatermarkAlignmentParams getAlignmentParameters() {
    return strategy.getAlignmentParameters();
  }

  @SuppressWarnings("unchecked") // it is of the same elements
  private static <T> WatermarkGenerator<T> within(WatermarkGenerator<T> made) {
    return (WatermarkGenerator<T>) privately(WatermarksWithIdleness.class, "watermarks", made);
  }

  private static long idleNanos(WatermarkGenerator<?> made) {
    Object timer = privately(WatermarksWithIdleness.class, "idlenessTimer", made);
    return (Long) privately(timer.getClass(), "maxIdleTimeNanos", timer);
  }

  /** Reads a field of Flink's, whose release is fixed; a test reads each. */
  static Object privately(Class<?> type, String name, Object object) {
    try {
      Field field = type.getDeclaredField(name);
      field.setAccessible(true);
      return field.get(object);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("another release of Flink", e);
    }
  }
}
