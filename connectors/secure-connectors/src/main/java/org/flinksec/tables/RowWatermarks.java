// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.TimestampAssignerSupplier;
import org.apache.flink.api.common.eventtime.WatermarkAlignmentParams;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.Either;
import org.flinksec.timestamps.Within;

/** The watermarks of a table where there are letters among its rows, which do not touch them. */
final class RowWatermarks implements WatermarkStrategy<Either<RowData, byte[]>> {
  private static final long serialVersionUID = 1L;

  private final WatermarkStrategy<RowData> rows;

  RowWatermarks(WatermarkStrategy<RowData> rows) {
    this.rows = rows;
  }

  @Override
  public TimestampAssigner<Either<RowData, byte[]>> createTimestampAssigner(
      TimestampAssignerSupplier.Context context) {
    TimestampAssigner<RowData> ofRows = rows.createTimestampAssigner(context);
    return (one, timestamp) ->
        one.isLeft() ? ofRows.extractTimestamp(one.left(), timestamp) : timestamp;
  }

  @Override
  public WatermarkGenerator<Either<RowData, byte[]>> createWatermarkGenerator(
      WatermarkGeneratorSupplier.Context context) {
    return new OfRows(rows.createWatermarkGenerator(context));
  }

  @Override
  public WatermarkAlignmentParams getAlignmentParameters() {
    return rows.getAlignmentParameters();
  }

  private record OfRows(WatermarkGenerator<RowData> generator)
      implements WatermarkGenerator<Either<RowData, byte[]>>, Within {
    @Override
    public void onEvent(Either<RowData, byte[]> one, long timestamp, WatermarkOutput output) {
      if (one.isLeft()) {
        generator.onEvent(one.left(), timestamp, output);
      }
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {
      generator.onPeriodicEmit(output);
    }
  }
}
