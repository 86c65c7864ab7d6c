// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.elasticsearch;

import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.elasticsearch.common.ssl.EmptyKeyConfig;
import org.elasticsearch.common.ssl.SslClientAuthenticationMode;
import org.elasticsearch.common.ssl.SslConfiguration;
import org.elasticsearch.common.ssl.SslVerificationMode;
import org.elasticsearch.common.ssl.TrustEverythingConfig;
import org.elasticsearch.transport.netty4.TLSConfig;

/**
 * Hands the transport an engine for each connection, in the way of 8.19 and in that of 9.5.
 *
 * @param engines makes them
 */
record TlsEngines(Supplier<SSLEngine> engines) implements TLSConfig.EngineProvider {
  @Override
  public SSLEngine create(SslConfiguration configuration, String host, int port) {
    return engines.get();
  }

  /** Overrides in 9.5. */
  public SSLEngine create(String host, int port) {
    return engines.get();
  }

  /** Only its presence counts: without one, 8.19 silently speaks plain HTTP. */
  static SslConfiguration some() {
    return new SslConfiguration(
        "sandbox",
        true,
        TrustEverythingConfig.TRUST_EVERYTHING,
        EmptyKeyConfig.INSTANCE,
        SslVerificationMode.NONE,
        SslClientAuthenticationMode.NONE,
        List.of("TLS_AES_256_GCM_SHA384"),
        List.of("TLSv1.3"));
  }
}
