// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.prometheus.AbstractPrometheusReporter;
import org.apache.flink.metrics.prometheus.Registries;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Flink's metrics for Prometheus under the names that Flink's own reporter gives them, to clients
 * with a certificate of one CA alone.
 */
public final class SecurePrometheus extends AbstractPrometheusReporter {
  /** The option of the port. */
  static final String PORT = "port";

  /** The option of the address to listen on. */
  static final String HOST = "host";

  /** The option of the directory with the certificate. */
  static final String TLS = "tls";

  private static final Logger LOG = LoggerFactory.getLogger(SecurePrometheus.class);
  private static final int THREADS = 8;
  private static final int WAITING = 20;
  private static final int SLOWEST_SECONDS = 30;
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
  private static final String[] SUITES = {
    "TLS_AES_256_GCM_SHA384",
    "TLS_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  };

  private HttpsServer server;
  private ThreadPoolExecutor threads;

  /**
   * Opens the port.
   *
   * @throws IllegalStateException if the certificate or the port cannot be used
   */
  @Override
  public void open(MetricConfig config) {
    super.open(config);
    Path directory = Path.of(config.getString(TLS, ""));
    String host = config.getString(HOST, "0.0.0.0");
    int port = config.getInteger(PORT, 9249);
    hangUpOnTheSlow();
    try {
      server = HttpsServer.create(new InetSocketAddress(host, port), WAITING);
      server.setHttpsConfigurator(new MutualTls(MetricsTls.of(directory)));
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(
          "metrics cannot be shown on port %d with the certificate in %s: %s"
              .formatted(port, directory, e.getMessage()),
          e);
    }
    AtomicInteger count = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            1,
            TimeUnit.MINUTES,
            new ArrayBlockingQueue<>(WAITING),
            task -> {
              Thread thread = new Thread(task, "flinksec-metrics-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            },
            new ThreadPoolExecutor.AbortPolicy());
    threads.allowCoreThreadTimeOut(true);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
    LOG.info("Metrics are on port {} for clients that {} trusts", getPort(), directory);
  }

  /** Java's server waits for ever for a client that begins and does not go on. */
  private static void hangUpOnTheSlow() {
    for (String limit : new String[] {"maxReqTime", "maxRspTime"}) {
      String name = "sun.net.httpserver." + limit;
      if (System.getProperty(name) == null) {
        System.setProperty(name, Integer.toString(SLOWEST_SECONDS));
      }
    }
  }

  int getPort() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    if (server != null) {
      server.stop(0);
      threads.shutdownNow();
    }
    super.close();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      if (!path.equals("/metrics") && !path.equals("/")) {
        exchange.sendResponseHeaders(404, -1);
      } else if (!exchange.getRequestMethod().equals("GET")) {
        exchange.sendResponseHeaders(405, -1);
      } else {
        send(exchange);
      }
    }
  }

  private void send(HttpExchange exchange) throws IOException {
    String accepted = exchange.getRequestHeaders().getFirst("Accept-Encoding");
    boolean packed = accepted != null && accepted.contains("gzip");
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (Writer writer =
        new OutputStreamWriter(
            packed ? new GZIPOutputStream(body) : body, StandardCharsets.UTF_8)) {
      TextFormat.write004(writer, Registries.of(this).metricFamilySamples());
    }
    exchange.getResponseHeaders().set("Content-Type", TextFormat.CONTENT_TYPE_004);
    if (packed) {
      exchange.getResponseHeaders().set("Content-Encoding", "gzip");
    }
    exchange.sendResponseHeaders(200, body.size());
    body.writeTo(exchange.getResponseBody());
  }

  private static final class MutualTls extends HttpsConfigurator {
    MutualTls(SSLContext context) {
      super(context);
    }

    @Override
    public void configure(HttpsParameters parameters) {
      SSLParameters ours = new SSLParameters(SUITES, PROTOCOLS);
      ours.setNeedClientAuth(true);
      parameters.setSSLParameters(ours);
    }
  }
}
