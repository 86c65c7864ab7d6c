// SPDX-License-Identifier: Apache-2.0
package org.flinksec.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Tickets written down by hand after RFC 4120, 5.3: realm R, server s, two bytes of cipher. */
class TicketPartsTest {
  private static final String HEAD =
      "a003020105" + "a1031b0152" + "a20e300ca003020101a10530031b0173";
  private static final String CIPHER = "a20404020102";

  @Test
  void theKeyOfTheServerIsToldByTypeAndVersion() {
    TicketParts parts = TicketParts.of(ticket("a003020112" + "a103020103" + CIPHER));
    assertThat(parts.encryption()).isEqualTo(18);
    assertThat(parts.version()).hasValue(3);
  }

  @Test
  void aVersionMayHaveSeveralBytes() {
    TicketParts parts = TicketParts.of(ticket("a003020112" + "a10602040a000001" + CIPHER));
    assertThat(parts.version()).hasValue(0x0a000001);
  }

  @Test
  void aTicketWithoutAVersionHasNone() {
    assertThat(TicketParts.of(ticket("a003020117" + CIPHER)).version()).isEmpty();
  }

  @Test
  void whatIsCutOrIsSomethingElseIsNoTicket() {
    byte[] whole = ticket("a003020112" + "a103020103" + CIPHER);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatIllegalArgumentException().isThrownBy(() -> TicketParts.of(cut));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> TicketParts.of(new byte[64]));
  }

  @Test
  void theAnswerOfAKdcIsToldInPlaceOfTheParsersComplaint() {
    Exception parser = new Asn1Exception("Identifier doesn't match expected value (906)");
    Exception answer = new IllegalStateException("Server not found (7)", parser);
    assertThat(LookException.told(new RuntimeException("no ticket", answer)))
        .isEqualTo("RuntimeException: no ticket; IllegalStateException: Server not found (7)");
    assertThat(LookException.told(parser)).startsWith("Asn1Exception: Identifier");
  }

  private static byte[] ticket(String encrypted) {
    String parts = HEAD + wrapped("a3", wrapped("30", encrypted));
    return HexFormat.of().parseHex(wrapped("61", wrapped("30", parts)));
  }

  private static String wrapped(String tag, String content) {
    return tag + HexFormat.of().toHexDigits((byte) (content.length() / 2)) + content;
  }

  /** Of the same name as Java's own, which is not to be had. */
  private static final class Asn1Exception extends Exception {
    Asn1Exception(String message) {
      super(message);
    }
  }
}
