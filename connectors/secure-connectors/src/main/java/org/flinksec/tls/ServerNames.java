// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;

/**
 * Keeps Java from taking a server's name out of the subject of its certificate.
 *
 * <p>Without an entry of the type dNSName in the subjectAltName, Java compares the host name with
 * the common name, which RFC 9525 forbids: what an authority writes there it need not have checked
 * as a host name. Addresses are compared with entries of the type iPAddress alone, also by Java.
 */
final class ServerNames {
  private static final int DNS_NAME = 2;
  private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|.*:.*");

  private ServerNames() {}

  static void require(X509Certificate leaf, SSLParameters parameters, SSLSession session)
      throws CertificateException {
    String host = session == null ? null : session.getPeerHost();
    boolean byAddress =
        host != null
            && ADDRESS.matcher(host).matches()
            && (parameters.getServerNames() == null || parameters.getServerNames().isEmpty());
    if (!byAddress && !hasDnsName(leaf.getSubjectAlternativeNames())) {
      throw new CertificateException(
          "the server's certificate is not the host's: it names no host (no DNS name among its"
              + " subjectAltName), and a common name does not count");
    }
  }

  private static boolean hasDnsName(Collection<List<?>> names) {
    return names != null && names.stream().anyMatch(name -> name.get(0).equals(DNS_NAME));
  }
}
