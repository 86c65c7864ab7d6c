// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.types.Row;
import org.flinksec.Serialized;
import org.junit.jupiter.api.Test;

class RowFieldTimestampAssignerTest {
  private static final TypeInformation<Row> TYPE =
      Types.ROW_NAMED(
          new String[] {"millis", "at", "name"}, Types.LONG, Types.INSTANT, Types.STRING);

  @Test
  void longsAreMillisecondsAndInstantsAreConverted() {
    Row row = Row.of(42L, Instant.parse("2013-01-01T10:00:00.123456Z"), "x");
    assertThat(assigner("millis").extractTimestamp(row, -1)).isEqualTo(42);
    assertThat(assigner("at").extractTimestamp(row, -1)).isEqualTo(1357034400123L);
  }

  @Test
  void aNullEventTimeNamesTheField() {
    assertThatThrownBy(() -> assigner("at").extractTimestamp(Row.of(1L, null, null), 7))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("field 'at' is null, and is the event time;");
  }

  @Test
  void anUnknownFieldOrAnotherTypeIsRefused() {
    assertThatThrownBy(() -> assigner("when"))
        .hasMessage(
            "event_time names 'when', which is not a field of the row; it has: millis, at, name");
    assertThatThrownBy(() -> assigner("name"))
        .hasMessageContaining("event_time names 'name', whose type is String");
  }

  private static RowFieldTimestampAssigner assigner(String field) {
    return Serialized.copy(RowFieldTimestampAssigner.of(TYPE, field));
  }
}
