// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;
import org.junit.jupiter.api.Test;

class KeyPlacesTest {
  private final KeyPlaces places = new KeyPlaces(Shape.ofValue(Types.STRING));

  private static Row key(String name) {
    return Row.of(name);
  }

  private static int untoldIn(KeyPlaces places) {
    Packer packer = new Packer();
    places.writeUntold(packer);
    return new Unpacker(packer.copy()).arrayHeader();
  }

  @Test
  void aKeyHasOnePlaceAndIsInTheBatchThatHasCollectedIt() {
    assertThat(places.placeOf(key("a"))).isZero();
    assertThat(places.placeOf(key("b"))).isEqualTo(1);
    assertThat(places.placeOf(key("a"))).isZero();
    places.next(true);
    assertThat(places.has(key("a"))).isFalse();
    places.placeOf(key("a"));
    assertThat(places.has(key("a"))).isTrue();
    assertThat(places.has(key("b"))).isFalse();
    assertThat(places.has(key("c"))).isFalse();
  }

  @Test
  void pythonIsToldOfEachKeyThatStaysOnce() {
    places.placeOf(key("a"));
    places.placeOf(key("b"));
    assertThat(untoldIn(places)).isEqualTo(2);
    places.next(true);
    places.placeOf(key("b"));
    places.placeOf(key("c"));
    assertThat(places.told()).isEqualTo(2);
    assertThat(places.untold()).containsExactly(key("c"));
    assertThat(untoldIn(places)).isEqualTo(1);
  }

  @Test
  void keysThatDoNotStayAreThoseOfTheirBatchWhileTheNextIsCollected() {
    places.placeOf(key("a"));
    List<Row> underWay = places.all();
    places.next(false);
    assertThat(places.placeOf(key("b"))).isZero();
    assertThat(underWay).containsExactly(key("a"));
    assertThat(places.all()).containsExactly(key("b"));
    assertThat(places.told()).isZero();
  }

  @Test
  void noMoreThanTenThousandKeysOrFourMebibytesStay() {
    for (int i = 0; i < 9_999; i++) {
      places.placeOf(key("k" + i));
    }
    places.next(true);
    assertThat(places.areMany()).isFalse();
    places.placeOf(key("last"));
    assertThat(places.areMany()).isTrue();
    places.next(false);
    assertThat(places.areMany()).isFalse();
    places.placeOf(key("x".repeat(1 << 22)));
    assertThat(places.areMany()).isTrue();
  }
}
