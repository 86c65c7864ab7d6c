// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;

/**
 * Accepts one certificate, known by its SHA-256: the server's own, or that of a CA.
 *
 * <p>Of the server's own nothing else is looked at: its key is the one that the handshake proves. A
 * CA that is shown further up proves nothing by being there, so the chain is validated up to it,
 * and the host name too, since it signs for others.
 */
final class PinnedTrustManager extends ServerTrustManager {
  private final byte[] expected;

  PinnedTrustManager(String fingerprint) {
    this.expected = HexFormat.of().parseHex(fingerprint);
  }

  @Override
  void check(X509Certificate[] chain, String authType, Connection connection)
      throws CertificateException {
    byte[] own = sha256(chain[0].getEncoded());
    if (MessageDigest.isEqual(expected, own)) {
      return;
    }
    for (int i = 1; i < chain.length; i++) {
      if (MessageDigest.isEqual(expected, sha256(chain[i].getEncoded()))) {
        signedBy(chain[i], chain, authType);
        ServerNames.require(chain[0], connection.host());
        return;
      }
    }
    throw new PinException(
        "the server's certificate has the SHA-256 fingerprint "
            + HexFormat.of().formatHex(own)
            + ", which is not the one expected");
  }

  private static void signedBy(X509Certificate ca, X509Certificate[] chain, String authType)
      throws CertificateException {
    try {
      Authorities.of(List.of(ca)).check(chain, authType);
    } catch (CertificateException e) {
      throw new PinException(
          "the certificate with this SHA-256 fingerprint is shown, but does not vouch for the"
              + " server's own: "
              + TlsFailures.last(e));
    }
    if (ca.getBasicConstraints() < 0) {
      throw new PinException(
          "the certificate with this SHA-256 fingerprint is neither the server's own nor a CA's");
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
