// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;

/**
 * Where the parts of a TLS context are, and what is checked. Absent parts are null.
 *
 * @param verification how far the server is checked
 * @param minVersion the oldest version of TLS, {@code TLSv1.2} or {@code TLSv1.3}
 * @param caCerts path of certificates to trust, PEM or a store; without it, the Java runtime's own
 *     authorities
 * @param caCertsPassword path of the password of a store in {@code caCerts}
 * @param fingerprint SHA-256 of a certificate in hexadecimal, colons allowed: the server's own, or
 *     that of a CA that signed it and that the server shows
 * @param clientCert path of this client's certificate chain, PEM or a store, its own first
 * @param clientKey path of the private key in PEM; null where {@code clientCert} holds it
 * @param clientKeyPassword path of the password of a store in {@code clientCert}, or of the key
 */
public record TlsSettings(
    Verification verification,
    String minVersion,
    String caCerts,
    String caCertsPassword,
    String fingerprint,
    String clientCert,
    String clientKey,
    String clientKeyPassword)
    implements Serializable {

  /** What is spoken where nothing else is asked for. */
  public static final String OLDEST = "TLSv1.2";

  private static final List<String> VERSIONS = List.of(OLDEST, "TLSv1.3");

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
    if (clientKey != null && clientCert == null
        || clientCert != null && clientKey == null && clientKeyPassword == null) {
      throw new IllegalArgumentException("client_cert and client_key only go together");
    }
    if (!VERSIONS.contains(minVersion)) {
      throw new IllegalArgumentException(
          "min_tls_version must be one of: " + String.join(", ", VERSIONS));
    }
    fingerprint = fingerprint == null ? null : normalised(fingerprint);
  }

  /** With PEM files alone, and any version of TLS that is secure. */
  public TlsSettings(
      Verification verification,
      String caCerts,
      String fingerprint,
      String clientCert,
      String clientKey) {
    this(verification, OLDEST, caCerts, null, fingerprint, clientCert, clientKey, null);
  }

  /** The secure default: everything is checked, against the authorities in a file. */
  public static TlsSettings full(String caCerts) {
    return new TlsSettings(Verification.FULL, caCerts, null, null, null);
  }

  /** The versions of TLS that may be spoken. */
  public String[] versions() {
    return VERSIONS.subList(VERSIONS.indexOf(minVersion), VERSIONS.size()).toArray(String[]::new);
  }

  /** The files that are read for it. */
  TlsFiles files() {
    return new TlsFiles(null, caCerts, caCertsPassword, clientCert, clientKey, clientKeyPassword);
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
