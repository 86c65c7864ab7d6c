// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.elasticsearch;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.elasticsearch.common.network.NetworkService;
import org.elasticsearch.common.settings.ClusterSettings;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.util.BigArrays;
import org.elasticsearch.common.util.PageCacheRecycler;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.http.HttpPreRequest;
import org.elasticsearch.http.HttpServerTransport;
import org.elasticsearch.http.netty4.Netty4HttpServerTransport;
import org.elasticsearch.http.netty4.internal.HttpValidator;
import org.elasticsearch.indices.breaker.CircuitBreakerService;
import org.elasticsearch.telemetry.TelemetryProvider;
import org.elasticsearch.telemetry.tracing.Tracer;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.transport.netty4.Netty4Plugin;
import org.elasticsearch.transport.netty4.SharedGroupFactory;
import org.elasticsearch.transport.netty4.TLSConfig;
import org.elasticsearch.xcontent.NamedXContentRegistry;

/**
 * Elasticsearch's own HTTP transport with TLS and a list of accepted credentials.
 *
 * <p>One class for two major versions. It is compiled against 8.19, as a JDK 17 cannot read the
 * classes of 9.5; there the second {@code getHttpTransports} overrides in place of the first, and
 * two constructors take other arguments, so that they are looked up.
 */
final class SecureHttp extends Netty4Plugin {
  static final String TYPE = "secure";

  private final TlsEngines engines;
  private final HttpValidator credentials;

  SecureHttp(Supplier<SSLEngine> tls, Supplier<List<String>> acceptedAuthorizations) {
    this.engines = new TlsEngines(tls);
    this.credentials = new Credentials(acceptedAuthorizations);
  }

  /** What 8.19 calls. */
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
                new PerRequest(dispatcher, perRequest),
                clusterSettings,
                new SharedGroupFactory(settings),
                tracer,
                new TLSConfig(TlsEngines.some(), engines),
                null,
                credentials));
  }

  /** What 9.5 calls. */
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
      TelemetryProvider telemetry) {
    return Map.of(
        TYPE,
        () ->
            construct(
                Netty4HttpServerTransport.class,
                settings,
                network,
                threads,
                content,
                new PerRequest(dispatcher, perRequest),
                clusterSettings,
                new SharedGroupFactory(settings),
                telemetry,
                construct(TLSConfig.class, engines),
                null,
                credentials));
  }

  /** Calls the one public constructor of a class. */
  private static <T> T construct(Class<T> type, Object... arguments) {
    try {
      return type.cast(type.getConstructors()[0].newInstance(arguments));
    } catch (ReflectiveOperationException error) {
      throw new IllegalStateException(error);
    }
  }
}
