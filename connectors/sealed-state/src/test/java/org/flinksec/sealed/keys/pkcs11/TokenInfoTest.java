// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What SunPKCS11 prints of a token, and the one state of it in which no PIN is tried. */
class TokenInfoTest {
  private static final String PRINTED =
      """
      Information for provider SunPKCS11-x
      Library info:
        flags: 0
      All slots: 7, 12, 1
      Slots with tokens: 7, 12
      Slot info for slot 12:
        slotDescription: label: no label
        flags: CKF_TOKEN_PRESENT
      Token info for token in slot 12:
        label: my token                       \s
        manufacturerID: label: neither
        flags: CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED | %s
        ulMaxSessionCount: 1
      Mechanism CKM_AES_CBC:
        flags: 131840 = CKF_ENCRYPT
      """;

  @Test
  void slotsAndLabelAndFlagsAreRead() {
    String printed = PRINTED.formatted("CKF_RNG");
    assertThat(TokenInfo.slots(printed)).isEqualTo(List.of(7L, 12L));
    TokenInfo info = TokenInfo.of(printed).orElseThrow();
    assertThat(info.label()).isEqualTo("my token");
    assertThat(info.flags())
        .containsExactlyInAnyOrder("CKF_LOGIN_REQUIRED", "CKF_TOKEN_INITIALIZED", "CKF_RNG");
    assertThat(info.isInitialized()).isTrue();
    assertThat(info.isNearlyLocked()).isFalse();
  }

  @Test
  void aSlotWithoutATokenHasNone() {
    assertThat(TokenInfo.of("Slots with tokens:\n")).isEmpty();
    assertThat(TokenInfo.slots("Slots with tokens:\n")).isEmpty();
    assertThat(TokenInfo.slots("")).isEmpty();
  }

  @Test
  void aPinThatWouldLockTheTokenIsNotTried() {
    for (String flag : List.of("CKF_USER_PIN_FINAL_TRY", "CKF_USER_PIN_LOCKED")) {
      TokenInfo info = TokenInfo.of(PRINTED.formatted(flag)).orElseThrow();
      TokenAddress address = new TokenAddress(Path.of("/m.so"), "my token", null, Path.of("/pin"));
      assertThatThrownBy(() -> Token.refuseIfNearlyLocked(address, info))
          .hasMessageStartingWith("token 'my token' (/m.so): its PIN is locked, or one more wrong");
    }
  }
}
