// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.io.Serializable;
import java.util.Locale;

/**
 * Where the parts of a TLS context are, and what is checked. Absent parts are null.
 *
 * @param verification how far the server is checked
 * @param caCerts path of PEM certificates to trust; without it, the Java runtime's own authorities
 * @param fingerprint SHA-256 of the server's own certificate in hexadecimal, colons allowed
 * @param clientCert path of this client's certificate chain in PEM, its own certificate first
 * @param clientKey path of the unencrypted private key in PEM: PKCS#8, or PKCS#1 for RSA
 */
public record TlsSettings(
    Verification verification,
    String caCerts,
    String fingerprint,
    String clientCert,
    String clientKey)
    implements Serializable {

  /**
   * @throws IllegalArgumentException if parts contradict each other; a check that would silently
   *     not take place is a contradiction
   */
  public TlsSettings {
    boolean pinned = verification == Verification.FINGERPRINT;
    if (pinned != (fingerprint != null)) {
      throw new IllegalArgumentException(
          "fingerprint and verification = \"fingerprint\" only go together");
    }
    if (caCerts != null && (pinned || verification == Verification.NONE)) {
      throw new IllegalArgumentException(
          "ca_certs is set, but verification = \"%s\" would not use it"
              .formatted(verification.text()));
    }
    if ((clientCert == null) != (clientKey == null)) {
      throw new IllegalArgumentException("client_cert and client_key only go together");
    }
    fingerprint = fingerprint == null ? null : normalised(fingerprint);
  }

  /** The secure default: everything is checked, against the authorities in a file. */
  public static TlsSettings full(String caCerts) {
    return new TlsSettings(Verification.FULL, caCerts, null, null, null);
  }

  private static String normalised(String fingerprint) {
    String hex = fingerprint.replace(":", "").toLowerCase(Locale.ROOT);
    if (!hex.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "fingerprint must be the 64 hexadecimal digits of a SHA-256 (colons allowed)");
    }
    return hex;
  }
}
