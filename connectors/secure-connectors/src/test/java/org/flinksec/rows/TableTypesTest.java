// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.utils.TypeInfoDataTypeConverter;
import org.flinksec.rows.Shape.Kind;
import org.junit.jupiter.api.Test;

class TableTypesTest {
  private static final String TRIP =
      """
      {"kind":"row","fields":[
        {"name":"id","shape":{"kind":"uuid"}},
        {"name":"at","shape":{"kind":"datetime"}},
        {"name":"day","shape":{"kind":"date"}},
        {"name":"cost","shape":{"kind":"decimal","precision":12,"scale":2}},
        {"name":"any","shape":{"kind":"decimal"}},
        {"name":"size","shape":{"kind":"enum","symbols":[1]}},
        {"name":"legs","shape":{"kind":"list","inner":
          {"kind":"row","fields":[{"name":"at","shape":{"kind":"datetime"}}]}}},
        {"name":"by","shape":{"kind":"dict","inner":
          {"kind":"row","fields":[{"name":"n","shape":{"kind":"float"}}]}}}]}
      """;

  private static final DataType TABLE =
      DataTypes.ROW(
          DataTypes.FIELD("id", DataTypes.STRING()),
          DataTypes.FIELD("at", DataTypes.TIMESTAMP_LTZ(6)),
          DataTypes.FIELD("day", DataTypes.DATE()),
          DataTypes.FIELD("cost", DataTypes.DECIMAL(12, 2)),
          DataTypes.FIELD("any", DataTypes.DECIMAL(38, 18)),
          DataTypes.FIELD("size", DataTypes.BIGINT()),
          DataTypes.FIELD(
              "legs",
              DataTypes.ARRAY(DataTypes.ROW(DataTypes.FIELD("at", DataTypes.TIMESTAMP_LTZ(6))))),
          DataTypes.FIELD(
              "by",
              DataTypes.MAP(
                  DataTypes.STRING(), DataTypes.ROW(DataTypes.FIELD("n", DataTypes.DOUBLE())))));

  @Test
  void flinkMakesATableOfARecordsRowsWithAllDigits() {
    assertThat(TypeInfoDataTypeConverter.toDataType(null, Shape.parse(TRIP).rowType()))
        .isEqualTo(TABLE);
  }

  @Test
  void theRowsOfATableHaveTheTypeThatARecordsHave() {
    assertThat(TableTypes.rowType(TABLE)).isEqualTo(Shape.parse(TRIP).rowType());
    Shape cost = Shape.of(TableTypes.rowType(TABLE)).fields().get(3).shape();
    assertThat(cost.kind()).isEqualTo(Kind.DECIMAL);
    assertThat(cost.precision()).isEqualTo(12);
    assertThat(cost.scale()).isEqualTo(2);
    assertThat(TableTypes.rowType(DataTypes.STRING())).isNull();
  }

  @Test
  void aColumnThatNoRecordHasIsNamedWithWhatToDo() {
    for (DataType odd :
        new DataType[] {
          DataTypes.TIMESTAMP(3), DataTypes.TIME(), DataTypes.FLOAT(), DataTypes.SMALLINT()
        }) {
      DataType table = DataTypes.ROW(DataTypes.FIELD("odd", DataTypes.ARRAY(odd)));
      assertThatThrownBy(() -> TableTypes.rowType(table))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("the column 'odd' has the type ")
          .hasMessageContaining("use STRING");
    }
  }
}
