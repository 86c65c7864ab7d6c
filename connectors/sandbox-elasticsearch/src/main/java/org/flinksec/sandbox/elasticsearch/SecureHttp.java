// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.elasticsearch;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.elasticsearch.ElasticsearchSecurityException;
import org.elasticsearch.common.network.NetworkService;
import org.elasticsearch.common.settings.ClusterSettings;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.ssl.EmptyKeyConfig;
import org.elasticsearch.common.ssl.SslClientAuthenticationMode;
import org.elasticsearch.common.ssl.SslConfiguration;
import org.elasticsearch.common.ssl.SslVerificationMode;
import org.elasticsearch.common.ssl.TrustEverythingConfig;
import org.elasticsearch.common.util.BigArrays;
import org.elasticsearch.common.util.PageCacheRecycler;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.http.HttpPreRequest;
import org.elasticsearch.http.HttpServerTransport;
import org.elasticsearch.http.netty4.Netty4HttpServerTransport;
import org.elasticsearch.indices.breaker.CircuitBreakerService;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.telemetry.tracing.Tracer;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.transport.netty4.Netty4Plugin;
import org.elasticsearch.transport.netty4.SharedGroupFactory;
import org.elasticsearch.transport.netty4.TLSConfig;
import org.elasticsearch.xcontent.NamedXContentRegistry;

/** Elasticsearch's own HTTP transport with TLS and a list of accepted credentials. */
final class SecureHttp extends Netty4Plugin {
  static final String TYPE = "secure";

  /**
   * Only its presence counts: without one the transport silently speaks plain HTTP. The engines
   * come from {@link #tls}.
   */
  private static final SslConfiguration SOME =
      new SslConfiguration(
          "sandbox",
          true,
          TrustEverythingConfig.TRUST_EVERYTHING,
          EmptyKeyConfig.INSTANCE,
          SslVerificationMode.NONE,
          SslClientAuthenticationMode.NONE,
          List.of("TLS_AES_256_GCM_SHA384"),
          List.of("TLSv1.3"));

  private final Supplier<SSLEngine> tls;
  private final List<byte[]> accepted;

  SecureHttp(Supplier<SSLEngine> tls, List<String> acceptedAuthorizations) {
    this.tls = tls;
    this.accepted =
        acceptedAuthorizations.stream().map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
  }

  @Override
  public Map<String, Supplier<HttpServerTransport>> getHttpTransports(
      Settings settings,
      ThreadPool threads,
      BigArrays bigArrays,
      PageCacheRecycler recycler,
      CircuitBreakerService breakers,
      NamedXContentRegistry content,
      NetworkService network,
      HttpServerTransport.Dispatcher dispatcher,
      BiConsumer<HttpPreRequest, ThreadContext> perRequest,
      ClusterSettings clusterSettings,
      Tracer tracer) {
    return Map.of(
        TYPE,
        () ->
            new Netty4HttpServerTransport(
                settings,
                network,
                threads,
                content,
                dispatcher,
                clusterSettings,
                new SharedGroupFactory(settings),
                tracer,
                new TLSConfig(SOME, (configuration, host, port) -> tls.get()),
                null,
                (request, channel, listener) -> {
                  if (isAccepted(request.headers().getAll("Authorization"))) {
                    listener.onResponse(null);
                  } else {
                    listener.onFailure(
                        new ElasticsearchSecurityException(
                            "missing or wrong credentials", RestStatus.UNAUTHORIZED));
                  }
                }) {
              @Override
              protected void populatePerRequestThreadContext(
                  RestRequest request, ThreadContext context) {
                perRequest.accept(request.getHttpRequest(), context);
              }
            });
  }

  private boolean isAccepted(List<String> authorizations) {
    if (authorizations.size() != 1) {
      return false;
    }
    byte[] given = authorizations.get(0).getBytes(StandardCharsets.UTF_8);
    return accepted.stream().anyMatch(one -> MessageDigest.isEqual(one, given));
  }
}
