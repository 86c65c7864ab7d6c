// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import org.apache.flink.api.common.eventtime.SerializableTimestampAssigner;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.types.Row;
import org.flinksec.json.RowTypes;

/** Takes an element's event time from one field of its row, so that watermarks need no Python. */
public final class RowFieldTimestampAssigner implements SerializableTimestampAssigner<Row> {
  private static final long serialVersionUID = 1L;

  private final int position;
  private final String field;

  private RowFieldTimestampAssigner(int position, String field) {
    this.position = position;
    this.field = field;
  }

  /**
   * @param rowType a row type with names
   * @param field an instant, or a long in milliseconds since 1970
   * @throws IllegalArgumentException if there is no such field or its type is neither
   */
  public static RowFieldTimestampAssigner of(TypeInformation<?> rowType, String field) {
    RowTypeInfo type = RowTypes.require(rowType);
    int position = RowTypes.position(type, field, "event_time");
    TypeInformation<?> fieldType = type.getTypeAt(position);
    if (!fieldType.equals(Types.INSTANT) && !fieldType.equals(Types.LONG)) {
      throw new IllegalArgumentException(
          "event_time names '%s', whose type is %s; it must be a datetime, or an int, milliseconds since 1970"
              .formatted(field, fieldType));
    }
    return new RowFieldTimestampAssigner(position, field);
  }

  @Override
  public long extractTimestamp(Row row, long recordTimestamp) {
    Object value = row.getField(position);
    String problem = EventTimes.problem(value);
    if (problem != null) {
      // A source of ours has refused such a record already.
      throw new IllegalStateException(
          "field '%s' %s; filter such records before watermarks are assigned"
              .formatted(field, problem));
    }
    return EventTimes.millis(value);
  }
}
