// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.types.Row;
import org.flinksec.Serialized;
import org.flinksec.formats.csv.CsvEncoder;
import org.flinksec.formats.csv.CsvForm;
import org.flinksec.formats.raw.RawEncoder;
import org.flinksec.formats.raw.RawForm;
import org.junit.jupiter.api.Test;

/** Rows as lines of files. */
class LineMapperTest {
  private static final TypeInformation<Row> TEXT =
      Types.ROW_NAMED(new String[] {"text"}, Types.STRING);
  private static final String TARGET = "the HDFS path /lines";

  @Test
  void aTextIsALineAndOneOfSeveralLinesIsRefused() {
    LineMapper lines =
        LineMapper.of(TEXT, RawEncoder.factory(new RawForm(false, 8, 8)), false, TARGET);
    LineMapper shipped = Serialized.copy(lines);
    assertThat(shipped.map(Row.of("zwölf"))).isEqualTo("zwölf");
    for (String odd : List.of("a\nsecret", "secret\r")) {
      assertThatThrownBy(() -> shipped.map(Row.of(odd)))
          .isInstanceOf(UnwritableLineException.class)
          .hasMessage(
              "a row for the HDFS path /lines cannot be written: it holds a line end, and each line is a record");
    }
    assertThatThrownBy(() -> shipped.map(Row.of((Object) null)))
        .hasMessageEndingWith("it has no value");
    assertThatThrownBy(() -> shipped.map(Row.of("secret \ud83d")))
        .hasMessageEndingWith("field 'text' holds half of a surrogate pair, which is not text");
  }

  @Test
  void aRecordOfCsvMayHoldLineEndsSinceTheyAreQuoted() {
    CsvForm form = CsvForm.of(",", "\"", "", "");
    LineMapper lines = LineMapper.of(TEXT, CsvEncoder.factory(form, List.of()), true, TARGET);
    assertThat(lines.map(Row.of("a\nb"))).isEqualTo("\"a\nb\"");
    assertThat(lines.map(Row.of((Object) null))).isEmpty();
  }
}
