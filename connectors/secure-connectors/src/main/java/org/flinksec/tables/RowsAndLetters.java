// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.io.IOException;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.EitherTypeInfo;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.api.operators.SimpleOperatorFactory;
import org.apache.flink.streaming.api.transformations.OneInputTransformation;
import org.apache.flink.streaming.api.transformations.SideOutputTransformation;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.Either;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.flinksec.badrecords.OperatorIds;

/** Reads the rows of a table, and among them, to the right, the letters of what is none. */
final class RowsAndLetters implements KafkaRecordDeserializationSchema<Either<RowData, byte[]>> {
  private static final long serialVersionUID = 1L;
  private static final OutputTag<byte[]> LETTERS =
      new OutputTag<>("flinksec-letters", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);

  private final WatchedRecords rows;
  private transient Adding adding;

  RowsAndLetters(WatchedRecords rows) {
    this.rows = rows;
  }

  /**
   * The rows of a stream. The environment does not know of it, as it does not know of a source: the
   * planner asks for what it returns.
   */
  static DataStream<RowData> rows(
      DataStream<Either<RowData, byte[]>> mixed, TypeInformation<RowData> type) {
    OneInputTransformation<Either<RowData, byte[]>, RowData> apart =
        new OneInputTransformation<>(
            mixed.getTransformation(),
            mixed.getTransformation().getName() + ": rows",
            SimpleOperatorFactory.of(new ProcessOperator<>(new Apart())),
            type,
            mixed.getParallelism(),
            false);
    return new DataStream<>(mixed.getExecutionEnvironment(), apart);
  }

  /** The letters beside these rows, as bytes. */
  static DataStream<byte[]> letters(DataStream<RowData> rows) {
    return new DataStream<>(
        rows.getExecutionEnvironment(),
        new SideOutputTransformation<>(rows.getTransformation(), LETTERS));
  }

  @Override
  public void open(InitializationContext context) throws Exception {
    rows.open(context);
    adding = new Adding();
    rows.lettersTo(letter -> adding.out.collect(Either.Right(letter.toBytes())));
  }

  @Override
  public void deserialize(
      ConsumerRecord<byte[], byte[]> record, Collector<Either<RowData, byte[]>> out)
      throws IOException {
    adding.out = out;
    rows.deserialize(record, adding);
  }

  @Override
  public TypeInformation<Either<RowData, byte[]>> getProducedType() {
    return new EitherTypeInfo<>(
        rows.getProducedType(), PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
  }

  private static final class Adding implements Collector<RowData> {
    private Collector<Either<RowData, byte[]>> out;

    @Override
    public void collect(RowData row) {
      out.collect(Either.Left(row));
    }

    @Override
    public void close() {}
  }

  private static final class Apart extends ProcessFunction<Either<RowData, byte[]>, RowData>
      implements OperatorIds.Splits {
    private static final long serialVersionUID = 1L;

    @Override
    public void processElement(
        Either<RowData, byte[]> one, Context context, Collector<RowData> out) {
      if (one.isLeft()) {
        out.collect(one.left());
      } else {
        context.output(LETTERS, one.right());
      }
    }
  }
}
