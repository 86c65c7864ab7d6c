// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Compares a host with its certificate's subjectAltName, by RFC 9525.
 *
 * <p>Java also takes a name out of the subject where no dNSName is there, and a star for a part of
 * a label, which the RFC forbids: what an authority writes there it need not have checked as a host
 * name. An address is compared with entries of the type iPAddress alone.
 */
final class ServerNames {
  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;
  private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|.*:.*");

  private ServerNames() {}

  /**
   * @param host a name or an address; null if it is not known
   * @throws WrongNameException if the certificate is not issued for it
   */
  static void require(X509Certificate leaf, String host) throws CertificateException {
    if (host == null) {
      throw new WrongNameException("the server's certificate is not the host's: it has no name");
    }
    boolean byAddress = ADDRESS.matcher(host).matches();
    List<String> names = names(leaf, byAddress ? IP_ADDRESS : DNS_NAME);
    if (names.isEmpty() && !byAddress) {
      throw new WrongNameException(
          "the server's certificate is not the host's: it names no host (no DNS name among its"
              + " subjectAltName), and a common name does not count");
    }
    boolean found = names.stream().anyMatch(name -> byAddress ? same(name, host) : is(name, host));
    if (!found) {
      throw new WrongNameException(
          "the server's certificate is not the host's: it is for "
              + (names.isEmpty() ? "no address" : String.join(", ", names)));
    }
  }

  private static List<String> names(X509Certificate leaf, int type) throws CertificateException {
    Collection<List<?>> all = leaf.getSubjectAlternativeNames();
    List<String> found = new ArrayList<>();
    for (List<?> name : all == null ? List.<List<?>>of() : all) {
      if (name.get(0).equals(type) && name.get(1) instanceof String text) {
        found.add(text);
      }
    }
    return found;
  }

  /** Whether a dNSName is a host's; a star stands for the whole first label, of three at least. */
  private static boolean is(String name, String given) {
    String host = given.endsWith(".") ? given.substring(0, given.length() - 1) : given;
    String pattern = name.toLowerCase(Locale.ROOT);
    host = host.toLowerCase(Locale.ROOT);
    if (!pattern.startsWith("*.")) {
      return pattern.equals(host);
    }
    String rest = pattern.substring(1);
    int dot = host.indexOf('.');
    return dot > 0 && rest.indexOf('.', 1) > 0 && host.substring(dot).equals(rest);
  }

  /** Whether two texts are one address; neither is looked up, as both are literal. */
  private static boolean same(String one, String other) {
    try {
      return InetAddress.getByName(one).equals(InetAddress.getByName(other));
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
