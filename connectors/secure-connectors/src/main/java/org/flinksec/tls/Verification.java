// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import org.flinksec.choices.Choices;

/** How far the identity of a server is checked. */
public enum Verification {
  /** The chain leads to a trusted authority and the certificate is issued for the host's name. */
  FULL,
  /** The chain leads to a trusted authority; the name in the certificate may be any. */
  CERTIFICATE,
  /** The server's own certificate is the one whose SHA-256 is given; nothing else is looked at. */
  FINGERPRINT,
  /** Nothing is checked: whoever answers is believed. */
  NONE;

  /**
   * @throws IllegalArgumentException for a name that is none of the four
   */
  public static Verification parse(String name) {
    return Choices.parse(Verification.class, "verification", name);
  }

  /** The name as settings write it. */
  public String text() {
    return Choices.word(this);
  }
}
