// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.flinksec.Serialized;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the sinks take of a stream of strings. */
class JsonTextTest {
  private static final JsonText PLAIN = new JsonText();
  private static final JsonText KEYED = Serialized.copy(new JsonText("id", "key field"));

  @Test
  void aDocumentGoesOutAsItIsOnOneLine() throws Exception {
    assertThat(PLAIN.read("{\n  \"a\": 1.50,\r\n  \"b\": \"x\\n\u2028😀\"\n}\n").line())
        .isEqualTo("{   \"a\": 1.50,    \"b\": \"x\\n\u2028😀\" } ");
    assertThat(PLAIN.read("{}").line()).isEqualTo("{}");
  }

  @Test
  void textThatIsTooDeepOrTooLongIsRefusedAndNotQuoted() {
    for (String part : new String[] {"[".repeat(100_000), "9".repeat(5000), "CANARY", null}) {
      assertThatThrownBy(() -> PLAIN.read(part == null ? null : "{\"a\":" + part))
          .isInstanceOf(JsonDecodingException.class)
          .message()
          .doesNotContain("CANARY");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"id":"a"}                 | a
          {"id":""}                  | ``
          {"id":12345678901234567890}| 12345678901234567890
          {"id":-0}                  | 0
          {"id":true}                | true
          {"id":"\\u00e9"}            | é
          {"x":{"id":"no"},"id":"y"} | y
          """)
  void aFieldWithOneTextFormIsAKey(String text, String key) throws Exception {
    assertThat(KEYED.read(text)).extracting(JsonText.Document::value).isEqualTo(key);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"id":1.5}           | the key field 'id' is a number with a fraction, which has no one text form
          {"id":["a"]}         | the key field 'id' is an array, which has no one text form
          {"id":{}}            | the key field 'id' is an object, which has no one text form
          {"id":"a","id":"a"}  | the key field 'id' comes twice
          {"id":"\\ud83d"}      | the key field 'id' holds half of a surrogate pair, which is not text
          """)
  void aFieldWithoutOneTextFormIsNoKey(String text, String message) {
    assertThatThrownBy(() -> KEYED.read(text)).hasMessage(message);
  }

  @Test
  void aFieldThatIsNullIsToldFromOneThatIsMissing() throws Exception {
    assertThat(KEYED.read("{\"id\":null}").found()).isTrue();
    assertThat(KEYED.read("{\"id\":null}").value()).isNull();
    assertThat(KEYED.read("{\"ID\":1}").found()).isFalse();
  }
}
