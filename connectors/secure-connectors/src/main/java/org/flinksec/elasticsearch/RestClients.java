// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import co.elastic.clients.transport.rest5_client.low_level.Rest5Client;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.config.TlsConfig;
import org.apache.hc.client5.http.cookie.CookieSpecFactory;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManager;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.config.RegistryBuilder;
import org.apache.hc.core5.http.message.BasicHeader;
import org.apache.hc.core5.http.nio.ssl.TlsStrategy;
import org.apache.hc.core5.http2.HttpVersionPolicy;
import org.apache.hc.core5.util.Timeout;
import org.flinksec.tls.TlsContexts;
import org.flinksec.tls.TlsException;
import org.flinksec.tls.Verification;

/** Makes REST clients as the settings want them; each is to be closed. */
final class RestClients {
  private static final Timeout CONNECT_TIMEOUT = Timeout.ofSeconds(5);

  private RestClients() {}

  /**
   * @param connections to each host, at most
   * @param responseTimeout how long to wait for an answer
   * @throws ElasticsearchSinkException if a file of credentials or certificates cannot be used
   */
  static Rest5Client create(
      ConnectionSettings settings, List<URI> hosts, int connections, Timeout responseTimeout)
      throws ElasticsearchSinkException {
    String authorization = Credentials.authorization(settings);
    CloseableHttpAsyncClient http = httpClient(settings, connections, responseTimeout);
    http.start();
    return Rest5Client.builder(hosts)
        .setHttpClient(http)
        .setCompressionEnabled(true)
        .setDefaultHeaders(
            authorization == null
                ? new Header[0]
                : new Header[] {new BasicHeader("Authorization", authorization, true)})
        .build();
  }

  private static CloseableHttpAsyncClient httpClient(
      ConnectionSettings settings, int connections, Timeout responseTimeout)
      throws ElasticsearchSinkException {
    return HttpAsyncClients.custom()
        .setConnectionManager(connections(settings, connections))
        .setDefaultRequestConfig(
            RequestConfig.custom()
                .setConnectionRequestTimeout(responseTimeout)
                .setResponseTimeout(responseTimeout)
                .build())
        // Retries are the sink's, which knows its documents; a redirect would carry credentials
        // away.
        .disableAutomaticRetries()
        .disableRedirectHandling()
        .disableCookieManagement()
        .disableAuthCaching()
        .setDefaultCookieSpecRegistry(RegistryBuilder.<CookieSpecFactory>create().build())
        .build();
  }

  private static PoolingAsyncClientConnectionManager connections(
      ConnectionSettings settings, int connections) throws ElasticsearchSinkException {
    return PoolingAsyncClientConnectionManagerBuilder.create()
        .setTlsStrategy(settings.encrypted() ? tlsStrategy(settings) : null)
        .setDefaultTlsConfig(
            TlsConfig.custom()
                .setVersionPolicy(HttpVersionPolicy.FORCE_HTTP_1)
                .setHandshakeTimeout(CONNECT_TIMEOUT)
                .build())
        .setDefaultConnectionConfig(
            ConnectionConfig.custom().setConnectTimeout(CONNECT_TIMEOUT).build())
        .setMaxConnPerRoute(connections)
        .setMaxConnTotal(connections * settings.hosts().size())
        .build();
  }

  private static TlsStrategy tlsStrategy(ConnectionSettings settings)
      throws ElasticsearchSinkException {
    boolean checkName = settings.tls().verification() == Verification.FULL;
    try {
      return new NameCheckingTlsStrategy(TlsContexts.create(settings.tls()), checkName);
    } catch (TlsException e) {
      throw new ElasticsearchSinkException("elasticsearch." + e.getMessage(), e);
    }
  }

  static void closeQuietly(Rest5Client client) {
    try {
      client.close();
    } catch (IOException e) {
      // nothing is left to be done with it
    }
  }
}
