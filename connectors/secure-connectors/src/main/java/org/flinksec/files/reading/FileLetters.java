// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.TimestampAssignerSupplier;
import org.apache.flink.api.common.eventtime.WatermarkAlignmentParams;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.EitherTypeInfo;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.types.Either;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.flinksec.badrecords.OperatorIds;
import org.flinksec.timestamps.Within;

/**
 * What a job needs that reads files and keeps dead letters: the source gives rows and letters, and
 * the operator behind it takes them apart.
 */
public final class FileLetters {
  private static final OutputTag<byte[]> LETTERS =
      new OutputTag<>("flinksec-letters", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);

  private FileLetters() {}

  /** The type of the source's stream. */
  public static TypeInformation<?> type(TypeInformation<Row> rows) {
    return new EitherTypeInfo<>(rows, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
  }

  /** The watermarks of rows, which letters do not touch. */
  public static WatermarkStrategy<?> watermarks(WatermarkStrategy<Row> rows) {
    return new OfRows(rows);
  }

  /** The rows of the source's stream. */
  @SuppressWarnings("unchecked") // DirectorySource gives it
  public static SingleOutputStreamOperator<Row> rows(
      DataStream<?> both, TypeInformation<Row> rows, String name) {
    return ((DataStream<Either<Row, byte[]>>) both).process(new Split(), rows).name(name);
  }

  /** The letters beside these rows, as bytes. */
  public static DataStream<byte[]> letters(SingleOutputStreamOperator<Row> rows) {
    return rows.getSideOutput(LETTERS);
  }

  private static final class Split extends ProcessFunction<Either<Row, byte[]>, Row>
      implements OperatorIds.Splits {
    private static final long serialVersionUID = 1L;

    @Override
    public void processElement(Either<Row, byte[]> both, Context context, Collector<Row> out) {
      if (both.isLeft()) {
        out.collect(both.left());
      } else {
        context.output(LETTERS, both.right());
      }
    }
  }

  private record OfRows(WatermarkStrategy<Row> rows)
      implements WatermarkStrategy<Either<Row, byte[]>> {
    @Override
    public TimestampAssigner<Either<Row, byte[]>> createTimestampAssigner(
        TimestampAssignerSupplier.Context context) {
      TimestampAssigner<Row> ofRows = rows.createTimestampAssigner(context);
      return (both, timestamp) ->
          both.isLeft() ? ofRows.extractTimestamp(both.left(), timestamp) : timestamp;
    }

    @Override
    public WatermarkGenerator<Either<Row, byte[]>> createWatermarkGenerator(
        WatermarkGeneratorSupplier.Context context) {
      return new Generator(rows.createWatermarkGenerator(context));
    }

    @Override
    public WatermarkAlignmentParams getAlignmentParameters() {
      return rows.getAlignmentParameters();
    }
  }

  private record Generator(WatermarkGenerator<Row> generator)
      implements WatermarkGenerator<Either<Row, byte[]>>, Within {
    @Override
    public void onEvent(Either<Row, byte[]> both, long timestamp, WatermarkOutput output) {
      if (both.isLeft()) {
        generator.onEvent(both.left(), timestamp, output);
      }
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {
      generator.onPeriodicEmit(output);
    }
  }
}
