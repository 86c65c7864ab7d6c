// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys.pkcs11;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a token says of itself, as {@code SunPKCS11} prints it.
 *
 * @param flags such as {@code CKF_USER_PIN_FINAL_TRY}
 */
record TokenInfo(String label, Set<String> flags) {
  private static final Pattern SLOTS = Pattern.compile("(?m)^Slots with tokens: *(.*)$");
  private static final Pattern TOKEN =
      Pattern.compile(
          "(?ms)^Token info for token in slot \\d+:$.*?^ *label:(.*?)$.*?^ *flags:(.*?)$");

  /** The ids of the slots that have a token. */
  static List<Long> slots(String printed) {
    Matcher found = SLOTS.matcher(printed);
    return found.find()
        ? Pattern.compile("\\d+")
            .matcher(found.group(1))
            .results()
            .map(id -> Long.valueOf(id.group()))
            .toList()
        : List.of();
  }

  /** The token of the slot that was asked for, if it has one. */
  static Optional<TokenInfo> of(String printed) {
    Matcher found = TOKEN.matcher(printed);
    return found.find()
        ? Optional.of(
            new TokenInfo(found.group(1).strip(), Set.of(found.group(2).strip().split(" \\| "))))
        : Optional.empty();
  }

  boolean isInitialized() {
    return flags.contains("CKF_TOKEN_INITIALIZED");
  }

  /** Whether a wrong PIN would lock it, or has. */
  boolean isNearlyLocked() {
    return flags.contains("CKF_USER_PIN_FINAL_TRY") || flags.contains("CKF_USER_PIN_LOCKED");
  }
}
