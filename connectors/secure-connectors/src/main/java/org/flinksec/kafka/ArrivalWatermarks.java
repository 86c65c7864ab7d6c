// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.TimestampAssignerSupplier;
import org.apache.flink.api.common.eventtime.WatermarkAlignmentParams;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.types.Row;
import org.flinksec.timestamps.Within;

/**
 * The watermarks of a strategy for rows, for arrivals: letters neither advance them, nor hold them
 * back, nor keep a partition from being idle.
 */
final class ArrivalWatermarks implements WatermarkStrategy<Arrival> {
  private static final long serialVersionUID = 1L;

  private final WatermarkStrategy<Row> rows;

  ArrivalWatermarks(WatermarkStrategy<Row> rows) {
    this.rows = rows;
  }

  @Override
  public TimestampAssigner<Arrival> createTimestampAssigner(
      TimestampAssignerSupplier.Context context) {
    TimestampAssigner<Row> ofRows = rows.createTimestampAssigner(context);
    return (arrival, timestamp) ->
        arrival.row() == null ? timestamp : ofRows.extractTimestamp(arrival.row(), timestamp);
  }

  @Override
  public WatermarkGenerator<Arrival> createWatermarkGenerator(
      WatermarkGeneratorSupplier.Context context) {
    return new OfRows(rows.createWatermarkGenerator(context));
  }

  @Override
  public WatermarkAlignmentParams getAlignmentParameters() {
    return rows.getAlignmentParameters();
  }

  private record OfRows(WatermarkGenerator<Row> generator)
      implements WatermarkGenerator<Arrival>, Within {
    @Override
    public void onEvent(Arrival arrival, long timestamp, WatermarkOutput output) {
      if (arrival.row() != null) {
        generator.onEvent(arrival.row(), timestamp, output);
      }
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {
      generator.onPeriodicEmit(output);
    }
  }
}
