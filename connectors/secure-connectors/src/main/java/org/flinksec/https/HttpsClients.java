// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import java.util.List;
import org.apache.hc.client5.http.auth.AuthSchemeFactory;
import org.apache.hc.client5.http.auth.AuthScope;
import org.apache.hc.client5.http.auth.ChallengeType;
import org.apache.hc.client5.http.auth.Credentials;
import org.apache.hc.client5.http.auth.StandardAuthScheme;
import org.apache.hc.client5.http.auth.UsernamePasswordCredentials;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.config.TlsConfig;
import org.apache.hc.client5.http.cookie.CookieSpecFactory;
import org.apache.hc.client5.http.impl.DefaultConnectionKeepAliveStrategy;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClientBuilder;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.auth.BasicSchemeFactory;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManager;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.config.RegistryBuilder;
import org.apache.hc.core5.http2.HttpVersionPolicy;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.flinksec.tls.TlsException;

/**
 * Makes the HTTP client of a section of settings.
 *
 * <p>Credentials go out with each request, once its server has been verified, and to nobody else: a
 * redirect is an answer like any other, and what a server asks for by a challenge it does not get.
 */
public final class HttpsClients {
  private HttpsClients() {}

  /**
   * @param perServer connections to each server, at most
   * @param servers that there may be
   * @return a started client, to be closed
   * @throws TlsException if a file of certificates cannot be used; the message names the setting
   */
  public static CloseableHttpAsyncClient create(HttpsSettings settings, int perServer, int servers)
      throws TlsException {
    HttpAsyncClientBuilder builder =
        HttpAsyncClients.custom()
            .setConnectionManager(connections(settings, perServer, perServer * servers))
            .setDefaultRequestConfig(
                RequestConfig.custom()
                    .setConnectionRequestTimeout(timeout(settings.responseTimeout()))
                    .setResponseTimeout(timeout(settings.responseTimeout()))
                    .build())
            .setKeepAliveStrategy(keepAlive(settings))
            .addExecInterceptorFirst("authorization", authorization(settings))
            // Retries are the callers', who know what they send; a redirect would carry credentials
            // away.
            .disableAutomaticRetries()
            .disableRedirectHandling()
            .disableCookieManagement()
            .disableAuthCaching()
            .setDefaultCookieSpecRegistry(RegistryBuilder.<CookieSpecFactory>create().build())
            .setDefaultAuthSchemeRegistry(
                RegistryBuilder.<AuthSchemeFactory>create()
                    .register(StandardAuthScheme.BASIC, BasicSchemeFactory.INSTANCE)
                    .build())
            .setTargetAuthenticationStrategy((type, challenges, context) -> List.of());
    if (settings.proxy() != null) {
      through(settings, builder);
    }
    CloseableHttpAsyncClient client = builder.build();
    client.start();
    return client;
  }

  private static PoolingAsyncClientConnectionManager connections(
      HttpsSettings settings, int perServer, int total) throws TlsException {
    return PoolingAsyncClientConnectionManagerBuilder.create()
        .setTlsStrategy(settings.encrypted() ? tlsStrategy(settings) : null)
        .setDefaultTlsConfig(
            TlsConfig.custom()
                .setVersionPolicy(HttpVersionPolicy.FORCE_HTTP_1)
                .setHandshakeTimeout(timeout(settings.connectTimeout()))
                .build())
        .setDefaultConnectionConfig(
            ConnectionConfig.custom()
                .setConnectTimeout(timeout(settings.connectTimeout()))
                .setSocketTimeout(timeout(settings.responseTimeout()))
                .build())
        .setMaxConnPerRoute(perServer)
        .setMaxConnTotal(total)
        .build();
  }

  private static ReloadingTlsStrategy tlsStrategy(HttpsSettings settings) throws TlsException {
    try {
      return new ReloadingTlsStrategy(settings.section(), settings.tls());
    } catch (TlsException e) {
      throw new TlsException(settings.section() + "." + e.getMessage(), e);
    }
  }

  /**
   * Adds the header where the caller runs, and for the server: a proxy's CONNECT has none of it.
   */
  private static org.apache.hc.client5.http.async.AsyncExecChainHandler authorization(
      HttpsSettings settings) {
    Authorization authorization = new Authorization(settings);
    return (request, body, scope, chain, callback) -> {
      String value = authorization.value(scope.route.getTargetHost().getHostName());
      if (value != null) {
        request.setHeader("Authorization", value);
      }
      chain.proceed(request, body, scope, callback);
    };
  }

  private static org.apache.hc.client5.http.ConnectionKeepAliveStrategy keepAlive(
      HttpsSettings settings) {
    TimeValue most = TimeValue.of(settings.keepAlive());
    return (response, context) -> {
      TimeValue told =
          DefaultConnectionKeepAliveStrategy.INSTANCE.getKeepAliveDuration(response, context);
      return TimeValue.isPositive(told) && told.compareTo(most) < 0 ? told : most;
    };
  }

  private static void through(HttpsSettings settings, HttpAsyncClientBuilder builder) {
    Proxy proxy = settings.proxy();
    HttpHost host =
        new HttpHost(
            proxy.address().getScheme(), proxy.address().getHost(), proxy.address().getPort());
    builder.setProxy(host);
    if (proxy.username() == null) {
      return;
    }
    Credential password =
        new Credential(settings.section() + ".proxy_password", proxy.passwordFile(), false);
    builder
        .setDefaultCredentialsProvider(
            (scope, context) -> is(host, scope) ? credentials(proxy, password) : null)
        .setProxyAuthenticationStrategy(
            (type, challenges, context) ->
                type == ChallengeType.PROXY
                    ? org.apache.hc.client5.http.impl.DefaultAuthenticationStrategy.INSTANCE.select(
                        type, challenges, context)
                    : List.of());
  }

  private static boolean is(HttpHost proxy, AuthScope scope) {
    return proxy.getHostName().equalsIgnoreCase(scope.getHost())
        && proxy.getPort() == scope.getPort();
  }

  private static Credentials credentials(Proxy proxy, Credential password) {
    try {
      return new UsernamePasswordCredentials(proxy.username(), password.read().toCharArray());
    } catch (LoginException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static Timeout timeout(java.time.Duration duration) {
    return Timeout.of(duration);
  }
}
