// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.client5.http.ssl.NoopHostnameVerifier;
import org.apache.hc.core5.reactor.ssl.SSLBufferMode;

/**
 * Has the Java runtime compare the host's name with the certificate's, or nobody.
 *
 * <p>HttpClient 5.6.3 has a policy for it, {@code BUILTIN}, but its asynchronous client sets it in
 * parameters that it has applied before, so that names go unchecked.
 */
final class NameCheckingTlsStrategy extends DefaultClientTlsStrategy {
  private final boolean checkName;
  private final String[] versions;

  /**
   * @param versions of TLS that may be spoken; null for the runtime's
   */
  NameCheckingTlsStrategy(SSLContext context, boolean checkName, String[] versions) {
    // CLIENT with the no-op verifier: the HTTP client itself leaves names alone.
    super(
        context,
        versions,
        null,
        SSLBufferMode.STATIC,
        HostnameVerificationPolicy.CLIENT,
        NoopHostnameVerifier.INSTANCE);
    this.checkName = checkName;
    this.versions = versions;
  }

  @Override
  protected void initializeEngine(SSLEngine engine) {
    SSLParameters parameters = engine.getSSLParameters();
    if (checkName) {
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
    }
    if (versions != null) {
      parameters.setProtocols(versions);
    }
    engine.setSSLParameters(parameters);
  }
}
