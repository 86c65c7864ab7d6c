// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shapes;
import org.junit.jupiter.api.Test;

/** Whatever bytes come in, a row comes out, or one kind of exception that quotes none of them. */
class JsonFuzzTest {
  private static final int DOCUMENTS = 20_000;
  private static final String CANARY = "CANARY";

  /** What mutations put in: pieces of JSON and of UTF-8 that parsers stumble over. */
  private static final List<byte[]> PIECES =
      List.of(
          utf8("\\ud83d"),
          utf8("\\udc00"),
          utf8("\\u0000"),
          utf8("{"),
          utf8("}"),
          utf8("["),
          utf8("]"),
          utf8("\""),
          utf8("\\"),
          utf8("null"),
          utf8("NaN"),
          utf8("-"),
          utf8("1e999999999"),
          utf8("9".repeat(1500)),
          utf8("[".repeat(1200)),
          utf8("{\"s\":".repeat(1200)),
          utf8(CANARY),
          utf8("/*"),
          utf8("\ufeff"),
          new byte[] {(byte) 0xc0, (byte) 0x80},
          new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0xbd},
          new byte[] {0},
          new byte[] {(byte) 0xff, (byte) 0xfe});

  @Test
  void aMutatedDocumentIsReadOrRefusedAndNothingElse() {
    Random random = new Random(20_130_101);
    JsonToRow reader = new JsonToRow(Shapes.requiring(RowJsonTest.SHAPE, "s"), Set.of());
    RowToJson writer = new RowToJson(RowJsonTest.SHAPE);
    int read = 0;
    for (int n = 0; n < DOCUMENTS; n++) {
      byte[] document = mutated(random, utf8(RowJsonTest.FULL_JSON));
      try {
        Row row = reader.read(document);
        read++;
        // What was read is text, so it can be written, and read again to the same.
        assertThat(reader.read(writer.toBytes(row))).isEqualTo(row);
      } catch (JsonDecodingException e) {
        assertThat(e.getCause()).isNull();
        assertThat(e.getMessage()).hasSizeLessThan(450).doesNotContain("\n");
      } catch (Throwable e) { // the one thing that must not happen
        fail("document " + n + ": " + new String(document, StandardCharsets.ISO_8859_1), e);
      }
    }
    assertThat(read).isBetween(DOCUMENTS / 100, DOCUMENTS);
  }

  private static byte[] mutated(Random random, byte[] document) {
    byte[] made = document;
    for (int i = random.nextInt(3); i >= 0; i--) {
      int at = random.nextInt(made.length);
      made =
          switch (random.nextInt(4)) {
            case 0 -> replaced(made, at, 1, new byte[] {(byte) random.nextInt(256)});
            case 1 -> replaced(made, at, 0, PIECES.get(random.nextInt(PIECES.size())));
            case 2 -> replaced(made, at, random.nextInt(made.length - at), new byte[0]);
            default -> replaced(made, at, 0, Arrays.copyOfRange(made, at, made.length));
          };
      if (made.length == 0) {
        return made;
      }
    }
    return made;
  }

  private static byte[] replaced(byte[] bytes, int at, int length, byte[] by) {
    byte[] made = new byte[bytes.length - length + by.length];
    System.arraycopy(bytes, 0, made, 0, at);
    System.arraycopy(by, 0, made, at, by.length);
    System.arraycopy(bytes, at + length, made, at + by.length, bytes.length - at - length);
    return made;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
