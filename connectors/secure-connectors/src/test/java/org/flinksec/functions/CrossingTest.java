// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.flinksec.rows.Shape;
import org.junit.jupiter.api.Test;

class CrossingTest {
  private static final Shape SHAPE =
      Shape.of(
          Types.ROW_NAMED(
              new String[] {"s", "l", "i", "d", "b", "y", "t", "day", "n", "list", "map", "row"},
              Types.STRING,
              Types.LONG,
              Types.INT,
              Types.DOUBLE,
              Types.BOOLEAN,
              PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO,
              Types.INSTANT,
              Types.LOCAL_DATE,
              Types.BIG_DEC,
              Types.OBJECT_ARRAY(Types.STRING),
              Types.MAP(Types.STRING, Types.LONG),
              Types.ROW_NAMED(new String[] {"in"}, Types.DOUBLE)));

  private static Object through(Object value) {
    Packer packer = new Packer();
    Crossing crossing = Crossing.of(SHAPE);
    crossing.writeOrNil(value, packer);
    Unpacker unpacker = new Unpacker(Arrays.copyOf(packer.array(), packer.size()));
    Object read = crossing.readOrNull(unpacker);
    assertThat(unpacker.atEnd()).isTrue();
    return read;
  }

  @Test
  void rowsComeBackAsTheyWere() {
    Random random = new Random(7);
    String[] texts = {"", "a", "ä€😀\0", "x".repeat(31), "é".repeat(300), "y".repeat(70_000)};
    long[] numbers = {
      0, -1, 127, 128, -32, -33, 1L << 15, 1L << 31, Long.MIN_VALUE, Long.MAX_VALUE
    };
    for (int i = 0; i < 200; i++) {
      Row row =
          Row.of(
              texts[i % texts.length],
              numbers[i % numbers.length],
              random.nextInt(),
              i == 3 ? Double.NaN : random.nextGaussian(),
              random.nextBoolean(),
              new byte[random.nextInt(400)],
              Instant.ofEpochSecond(random.nextInt(), 1000L * random.nextInt(1_000_000)),
              LocalDate.ofEpochDay(random.nextInt(100_000) - 50_000),
              BigDecimal.valueOf(random.nextLong(), random.nextInt(18)),
              random.nextBoolean() ? new String[] {"a", null, texts[2]} : new String[20],
              Map.of(texts[2], numbers[i % numbers.length]),
              Row.of(random.nextDouble()));
      if (i % 5 == 0) {
        row.setField(i % row.getArity(), null);
      }
      row.setKind(RowKind.values()[i % 4]);
      assertThat(through(row)).isEqualTo(row);
    }
    assertThat(through(null)).isNull();
  }

  @Test
  void halfOfASurrogatePairIsNoText() {
    assertThatThrownBy(() -> new Packer().text("a\ud83d"))
        .hasMessage("a text for Python holds half of a surrogate pair, which is not text");
    assertThatThrownBy(() -> new Packer().text("\ude00a"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whatIsOfAnotherKindIsToldWithoutItsValue() {
    Packer packer = new Packer();
    packer.text("secret");
    Unpacker unpacker = new Unpacker(Arrays.copyOf(packer.array(), packer.size()));
    assertThatThrownBy(unpacker::whole)
        .hasMessage("Python's answer has the code 0xa6 where there should be a whole number");
  }
}
