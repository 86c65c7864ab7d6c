// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.types.Row;

/**
 * What a job needs that reads a topic and keeps dead letters: a source of arrivals, and the
 * operator behind it that makes rows and letters of them.
 */
public final class Arrivals {
  private Arrivals() {}

  /** Reads arrivals in place of rows. */
  public static KafkaRecordDeserializationSchema<?> decoder(RowDeserializationSchema rows) {
    return new ArrivalDeserializationSchema(rows);
  }

  /** The watermarks of rows, which letters do not touch. */
  public static WatermarkStrategy<?> watermarks(WatermarkStrategy<Row> rows) {
    return new ArrivalWatermarks(rows);
  }

  /** The type of the source's stream. */
  public static TypeInformation<?> type(TypeInformation<Row> rows) {
    return new ArrivalTypeInfo(rows);
  }

  /** The rows of a stream of arrivals. */
  @SuppressWarnings("unchecked") // decoder makes such a source
  public static SingleOutputStreamOperator<Row> rows(
      DataStream<?> arrivals, TypeInformation<Row> rows, String name) {
    return ((DataStream<Arrival>) arrivals).process(new ArrivalSplit(), rows).name(name);
  }

  /** The letters beside these rows, as bytes. */
  public static DataStream<byte[]> letters(SingleOutputStreamOperator<Row> rows) {
    return rows.getSideOutput(ArrivalSplit.LETTERS);
  }
}
