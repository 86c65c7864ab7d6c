// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.flinksec.badrecords.Current;
import org.flinksec.badrecords.Lineage;
import org.flinksec.badrecords.OperatorIds;

/**
 * Takes arrivals apart: rows go on, letters go to a side output. While a row is on its way through
 * the chain, the task knows which record it was read from.
 */
final class ArrivalSplit extends ProcessFunction<Arrival, Row>
    implements Lineage.Begins, OperatorIds.Splits {
  private static final long serialVersionUID = 1L;

  static final OutputTag<byte[]> LETTERS =
      new OutputTag<>("flinksec-letters", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);

  private transient Current current;

  @Override
  public void open(OpenContext context) {
    current = Current.ofThread();
  }

  @Override
  public void processElement(Arrival arrival, Context context, Collector<Row> out) {
    if (arrival.row() == null) {
      context.output(LETTERS, arrival.letter());
      return;
    }
    current.begin(arrival);
    try {
      out.collect(arrival.row());
    } finally {
      current.end();
    }
  }
}
