// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.security.cert.X509Certificate;

/** Believes whoever answers. */
final class UncheckedTrustManager extends ServerTrustManager {
  @Override
  void check(X509Certificate[] chain, String authType, Connection connection) {}
}
