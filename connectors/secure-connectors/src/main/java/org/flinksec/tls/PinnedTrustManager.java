// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/**
 * Accepts one certificate, known by its SHA-256, as the server's own.
 *
 * <p>Only the leaf counts: its key is the one that the handshake proves. A pinned authority further
 * up proves nothing unless the chain is validated as well.
 */
final class PinnedTrustManager extends ServerTrustManager {
  private final byte[] expected;

  PinnedTrustManager(String fingerprint) {
    this.expected = HexFormat.of().parseHex(fingerprint);
  }

  @Override
  void check(X509Certificate[] chain, String authType) throws CertificateException {
    byte[] actual = sha256(chain[0].getEncoded());
    if (!MessageDigest.isEqual(expected, actual)) {
      throw new CertificateException(
          "the server's certificate has the SHA-256 fingerprint "
              + HexFormat.of().formatHex(actual)
              + ", which is not the one expected");
    }
  }

  private static byte[] sha256(byte[] data) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(data);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java runtime has it
    }
  }
}
