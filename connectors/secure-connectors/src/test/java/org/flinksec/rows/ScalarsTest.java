// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.List;
import org.flinksec.rows.Scalars.ScalarException;
import org.flinksec.rows.Shape.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScalarsTest {
  private static final Shape MONEY = of(Kind.DECIMAL, List.of(), 5, 2);
  private static final Shape ANY = of(Kind.DECIMAL, List.of(), 0, 0);

  private static Shape of(
      Kind kind, List<? extends Serializable> symbols, int precision, int scale) {
    return new Shape(kind, false, null, List.of(), null, List.copyOf(symbols), precision, scale);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1.00, 1",
    "-999.99, -999.99, -999.99",
    "1.50, 1.50, 1.50",
    "1.5000, 1.50, 1.5000",
    "1e2, 100.00, 100",
    "0e-30, 0.00, 0.000000000000000000",
    "-0.0, 0.00, 0.0"
  })
  void aDecimalHasAllOfItsDeclaredDigitsOrThoseThatItIsWrittenWith(
      String text, String money, String any) throws Exception {
    assertThat(Scalars.decimal(text, MONEY)).isEqualTo(new BigDecimal(money));
    assertThat(Scalars.decimal(text, ANY)).isEqualTo(new BigDecimal(any));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1000 | has more than 3 digits before the point",
        "0.001 | has more than 2 digits after the point",
        "1e999999999 | has more than 3 digits before the point",
        "1e-999999999 | has more than 2 digits after the point",
        "1. | is not a decimal number, such as 12.50",
        "+1 | is not a decimal number, such as 12.50",
        "NaN | is not a decimal number, such as 12.50",
        "\u0661 | is not a decimal number, such as 12.50"
      })
  void oneOfMoreDigitsIsRefusedAndNeverRounded(String text, String message) {
    assertThatThrownBy(() -> Scalars.decimal(text, MONEY))
        .isInstanceOf(ScalarException.class)
        .hasMessage(message);
  }

  @Test
  void equalDecimalsHaveOneText() {
    assertThat(Scalars.text(new BigDecimal("12.50"))).isEqualTo("12.5");
    assertThat(Scalars.text(new BigDecimal("1E+2"))).isEqualTo("100");
    assertThat(Scalars.text(new BigDecimal("0.00"))).isEqualTo("0");
  }

  @Test
  void aUuidIsWrittenInOneForm() throws Exception {
    assertThat(Scalars.uuid("F81D4FAE-7dec-11D0-a765-00a0c91e6bf6"))
        .isEqualTo("f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
    for (String wrong : List.of("1-1-1-1-1", "f81d4fae7dec11d0a76500a0c91e6bf6", "", "x")) {
      assertThatThrownBy(() -> Scalars.uuid(wrong)).hasMessageStartingWith("is not a UUID");
    }
  }

  @Test
  void aTimeIsCutToMicroseconds() throws Exception {
    assertThat(Scalars.instant("1969-12-31T23:59:59.999999999Z"))
        .hasToString("1969-12-31T23:59:59.999999Z");
    assertThat(Scalars.instant("2024-03-31T03:00:00+02:00")).hasToString("2024-03-31T01:00:00Z");
  }

  @Test
  void anEnumHasItsValuesOnly() throws Exception {
    Shape words = of(Kind.ENUM, List.of("on", "off"), 0, 0);
    assertThat(Scalars.parse("on", words)).isEqualTo("on");
    assertThatThrownBy(() -> Scalars.parse("On", words))
        .hasMessage("is none of the values of its Literal");
    Shape numbers = of(Kind.ENUM, List.of(1L, -2L), 0, 0);
    assertThat(Scalars.parse("-2", numbers)).isEqualTo(-2L);
    assertThatThrownBy(() -> Scalars.parse("2", numbers)).isInstanceOf(ScalarException.class);
  }
}
