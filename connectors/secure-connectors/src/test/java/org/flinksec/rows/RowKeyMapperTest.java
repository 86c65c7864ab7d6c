// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;

class RowKeyMapperTest {
  private static final RowTypeInfo FLIGHT =
      (RowTypeInfo)
          Types.ROW_NAMED(
              new String[] {"tail", "id", "delay"}, Types.STRING, Types.STRING, Types.LONG);

  @Test
  void theKeyIsTheFirstFieldThatIsNotNull() {
    RowKeyMapper mapper = RowKeyMapper.of(FLIGHT, List.of("tail", "id"));
    Row known = Row.of("N1", "f1", 3L);
    Row unknown = Row.of(null, "f2", 3L);
    assertThat(mapper.map(known)).isEqualTo(Row.of("N1", known));
    assertThat(mapper.map(unknown)).isEqualTo(Row.of("f2", unknown));
    assertThat(mapper.getProducedType()).isEqualTo(new RowTypeInfo(Types.STRING, FLIGHT));
  }

  @Test
  void aRowWithoutAnyKeyIsRefused() {
    RowKeyMapper mapper = RowKeyMapper.of(FLIGHT, List.of("tail", "id"));
    assertThatThrownBy(() -> mapper.map(Row.of(null, null, 3L)))
        .hasMessage(
            "a row has no key for key_by_field: it is null in tail and in id; "
                + "filter such rows out before");
  }

  @Test
  void anUnknownFieldIsNamed() {
    assertThatThrownBy(() -> RowKeyMapper.of(FLIGHT, List.of("tial")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the rows have no field tial, only [tail, id, delay]");
  }

  @Test
  void whatHasNoOneValueToCompareIsNoKey() {
    List<TypeInformation<?>> wrong =
        List.of(
            Types.PRIMITIVE_ARRAY(Types.BYTE),
            Types.OBJECT_ARRAY(Types.STRING),
            Types.MAP(Types.STRING, Types.LONG),
            FLIGHT);
    for (TypeInformation<?> type : wrong) {
      TypeInformation<?> rows = Types.ROW_NAMED(new String[] {"odd"}, type);
      assertThatThrownBy(() -> RowKeyMapper.of(rows, List.of("odd")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("the field odd is of the type ")
          .hasMessageEndingWith("a datetime, a date, a Decimal, a UUID or an Enum");
    }
  }

  @Test
  void aTimeADateAndADecimalAreKeysInOneFormEach() {
    RowTypeInfo rows =
        (RowTypeInfo)
            Types.ROW_NAMED(
                new String[] {"t", "d", "n"}, Types.INSTANT, Types.LOCAL_DATE, Types.BIG_DEC);
    Row row =
        Row.of(Instant.EPOCH.plusMillis(1), LocalDate.EPOCH.plusDays(2), new BigDecimal("1.50"));
    assertThat(RowKeyMapper.of(rows, List.of("t")).map(row)).isEqualTo(Row.of(1000L, row));
    assertThat(RowKeyMapper.of(rows, List.of("d")).map(row)).isEqualTo(Row.of(2L, row));
    RowKeyMapper number = RowKeyMapper.of(rows, List.of("n"));
    assertThat(number.map(row)).isEqualTo(Row.of("1.5", row));
    assertThat(number.getProducedType()).isEqualTo(new RowTypeInfo(Types.STRING, rows));
  }

  @Test
  void fieldsOfDifferentTypesMakeNoKey() {
    assertThatThrownBy(() -> RowKeyMapper.of(FLIGHT, List.of("tail", "delay")))
        .hasMessage("the fields [tail, delay] are of different types");
  }
}
