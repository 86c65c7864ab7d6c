// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Map;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Java's UTF-16 decoder stands for Python's: both take a mark at the start for one of order. */
class ValuesForPythonTest {
  private static final ValuesForPython.Texts TEXTS = new ValuesForPython.Texts();
  private static final RowsFromPython.InArray ROWS = new RowsFromPython.InArray();

  @ParameterizedTest
  @ValueSource(
      strings = {"a", "\uFEFF", "\uFEFFa", "\uFFFEa", "\uFEFF\uFEFF", "\uFFFE", "a\uFEFF", "\0"})
  void aTextIsTheSameAfterADecoderThatTakesAMarkAway(String text) {
    byte[] sent = TEXTS.toExternal(text).getBytes(StandardCharsets.UTF_16BE);
    assertThat(StandardCharsets.UTF_16.decode(ByteBuffer.wrap(sent)).toString()).isEqualTo(text);
    assertThat(TEXTS.toInternal(text)).isSameAs(text);
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "plain", "\uD83D\uDE00"})
  void anyOtherTextIsTheObjectItself(String text) {
    assertThat(TEXTS.toExternal(text)).isSameAs(text);
  }

  @Test
  void halfOfASurrogatePairIsRefusedBeforePythonMeetsIt() {
    assertThatThrownBy(() -> TEXTS.toExternal("\uD83D"))
        .hasMessage("a text for Python holds half of a surrogate pair, which is not text");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z"
      })
  void aTimeCrossesAsMicroseconds(String text) {
    Instant time = Instant.parse(text);
    ValuesForPython.Times times = new ValuesForPython.Times();
    assertThat(times.toInternal(times.toExternal(time))).isEqualTo(time);
    assertThat(times.toExternal(Instant.EPOCH.minusNanos(1000))).isEqualTo(-1);
  }

  @Test
  void rowsInAnArrayStayApartBothWays() {
    Object[] out = ROWS.toExternal(new Row[] {Row.of("a", 1L), null, Row.of("b", 2L)});
    assertThat(out)
        .isEqualTo(
            new Object[] {
              new Object[] {0L, new Object[] {"a", 1L}},
              null,
              new Object[] {0L, new Object[] {"b", 2L}}
            });
    Row[] back = ROWS.toInternal(new Object[] {"(sl)", out[0], null, out[2]});
    assertThat(back).containsExactly(Row.of("a", 1L), null, Row.of("b", 2L));
    assertThat(ROWS.toInternal(null)).isNull();
    assertThat(ROWS.toExternal(null)).isNull();
  }

  @Test
  void whatIsInARowFollowsItsSignatureAtEveryDepth() {
    Row inner = Row.ofKind(RowKind.DELETE, LocalDate.EPOCH, new BigDecimal("1.50"), 7);
    Row row =
        Row.of(
            Instant.EPOCH,
            inner,
            new Long[] {1L, null},
            Map.of("k", Instant.EPOCH),
            new Row[] {inner},
            Map.of("k", inner),
            new LocalDate[][] {{LocalDate.EPOCH}, null},
            null);
    Object external = new RowsFromPython.ByName().toExternal(Map.of("n", row));
    Object[] fields = (Object[]) ((Object[]) ((Map<?, ?>) external).get("n"))[1];
    Object innerOut = new Object[] {3L, new Object[] {0L, "1.50", 7L}};
    assertThat(fields[1]).isEqualTo(innerOut);
    // Python sends what it got, but for rows in arrays and maps, which it signs.
    fields[4] = new Object[] {"(dni)", innerOut};
    fields[5] = new Object[] {"(dni)", "k", innerOut};
    Object[] signed = {"(t(dni)[l{t*#[[d?)", "n", new Object[] {0L, fields}};
    Map<String, Row> back = new RowsFromPython.ByName().toInternal(signed);
    assertThat(back).isEqualTo(Map.of("n", row));
    assertThat(back.get("n").getField(2)).isInstanceOf(Long[].class);
    assertThat(back.get("n").getField(6)).isInstanceOf(LocalDate[][].class);
  }
}
