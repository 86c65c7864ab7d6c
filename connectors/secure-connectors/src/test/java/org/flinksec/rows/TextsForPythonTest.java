// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Java's UTF-16 decoder stands for Python's: both take a mark at the start for one of order. */
class TextsForPythonTest {
  private static final TextsForPython.Texts TEXTS = new TextsForPython.Texts();

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
}
