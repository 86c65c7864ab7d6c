// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.prometheus.FlinksPort;
import org.apache.flink.metrics.prometheus.PrometheusReporterFactory;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.runtime.metrics.MetricRegistryImpl;
import org.apache.flink.runtime.metrics.MetricRegistryTestUtils;
import org.apache.flink.runtime.metrics.ReporterSetupBuilder;
import org.apache.flink.runtime.metrics.groups.JobManagerMetricGroup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecurePrometheusTest {
  private static final int TLS_HANDSHAKE = 0x16;

  static {
    // Java's server reads it once; 30 s by default.
    System.setProperty("sun.net.httpserver.maxReqTime", "2");
  }

  @TempDir Path dir;
  private Path server;
  private Path client;
  private Path tls;
  private SecurePrometheus reporter;

  @BeforeEach
  void start() throws Exception {
    server = Certificates.store(dir.resolve("server"), "server", "-1d", 9);
    client = Certificates.store(dir.resolve("client"), "client", "-1d", 9);
    tls =
        Certificates.directory(
            dir.resolve("tls"), server, "server", Certificates.pem(client, "client"));
    reporter = opened(tls);
  }

  @AfterEach
  void stop() {
    reporter.close();
  }

  @Test
  void whoHasACertificateOfTheCaIsAnswered() throws Exception {
    HttpResponse<String> answer = get(context(client, server), "/metrics");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("text/plain; version=0.0.4");
    assertThat(get(context(client, server), "/else").statusCode()).isEqualTo(404);
  }

  @Test
  void olderClientsSpeakTls12() throws Exception {
    assertThat(get(context(client, server), "/metrics", "TLSv1.2").statusCode()).isEqualTo(200);
    assertThatThrownBy(() -> get(context(client, server), "/metrics", "TLSv1.1"))
        .isInstanceOf(IOException.class);
  }

  @Test
  void nobodyElseIsAnswered() throws Exception {
    Path stranger = Certificates.store(dir.resolve("stranger"), "client", "-1d", 9);
    assertThatThrownBy(() -> get(context(stranger, server), "/metrics"))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> get(context(null, server), "/metrics"))
        .isInstanceOf(IOException.class);
  }

  @Test
  void aRenewedCertificateIsShownAndTheOldClientTurnedAway() throws Exception {
    SSLContext before = context(client, server);
    assertThat(get(before, "/metrics").statusCode()).isEqualTo(200);
    Path newServer = Certificates.store(dir.resolve("server-2"), "server", "-1d", 9);
    Path newClient = Certificates.store(dir.resolve("client-2"), "client", "-1d", 9);
    Certificates.directory(tls, newServer, "server", Certificates.pem(newClient, "client"));
    touch();
    assertThat(get(context(newClient, newServer), "/metrics").statusCode()).isEqualTo(200);
    assertThatThrownBy(() -> get(before, "/metrics")).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> get(context(client, newServer), "/metrics"))
        .isInstanceOf(IOException.class);
  }

  @Test
  void filesThatCannotBeUsedLeaveTheCertificateOfBefore() throws Exception {
    Files.writeString(tls.resolve("tls.key"), "no key");
    touch();
    assertThat(get(context(client, server), "/metrics").statusCode()).isEqualTo(200);
    assertThatThrownBy(() -> opened(tls))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("PKCS#8");
  }

  @Test
  void clientsThatBeginAndDoNotGoOnKeepOthersOutForAWhileOnly() throws Exception {
    List<Socket> silent = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Socket socket = new Socket("127.0.0.1", reporter.getPort());
      silent.add(socket);
      if (i % 2 == 0) {
        socket.getOutputStream().write(TLS_HANDSHAKE);
      }
    }
    assertThat(letInAtLast(context(client, server)).statusCode()).isEqualTo(200);
    for (Socket socket : silent) {
      socket.close();
    }
  }

  @Test
  void metricsHaveTheNamesOfFlinksOwnReporter() throws Exception {
    reporter.close();
    reporter = new SecurePrometheus();
    MetricConfig plain = new MetricConfig();
    plain.setProperty("port", Integer.toString(freePort()));
    MetricReporter flinks = new PrometheusReporterFactory().createMetricReporter(plain);
    MetricRegistryImpl registry =
        new MetricRegistryImpl(
            MetricRegistryTestUtils.defaultMetricRegistryConfiguration(),
            List.of(
                ReporterSetupBuilder.METRIC_SETUP_BUILDER.forReporter(
                    "ours", options(tls), reporter),
                ReporterSetupBuilder.METRIC_SETUP_BUILDER.forReporter("flinks", flinks)));
    JobManagerMetricGroup process =
        JobManagerMetricGroup.createJobManagerMetricGroup(registry, "host");
    process.addGroup("flinksec").addGroup("key", "k-1").gauge("inUse", () -> 1);
    process.counter("some", new SimpleCounter()).inc(5);
    String ours = get(context(client, server), "/metrics").body();
    assertThat(ours)
        .contains("flink_jobmanager_flinksec_key_inUse{key=\"k_1\",host=\"host\",} 1.0")
        .contains("flink_jobmanager_some{host=\"host\",} 5.0");
    int port = FlinksPort.of(flinks);
    String theirs =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build(),
                HttpResponse.BodyHandlers.ofString())
            .body();
    assertThat(own(ours)).isEqualTo(own(theirs));
    flinks.close();
  }

  /** Flink's tells the port that it was given, and not the one that it has. */
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static List<String> own(String text) {
    return text.lines()
        .filter(line -> line.contains("flink"))
        .sorted()
        .collect(Collectors.toList());
  }

  private void touch() throws IOException {
    for (String name : List.of("tls.crt", "tls.key", "ca.crt")) {
      Files.setLastModifiedTime(tls.resolve(name), FileTime.fromMillis(1));
    }
  }

  private static SecurePrometheus opened(Path tls) {
    SecurePrometheus made = new SecurePrometheus();
    made.open(options(tls));
    return made;
  }

  private static MetricConfig options(Path tls) {
    MetricConfig config = new MetricConfig();
    config.setProperty("host", "127.0.0.1");
    config.setProperty("port", "0");
    config.setProperty("tls", tls.toString());
    return config;
  }

  /**
   * Asks again while the door is taken: who waited too long behind the others is sent away, too.
   */
  private HttpResponse<String> letInAtLast(SSLContext context)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(4);
    while (true) {
      try {
        return get(context, "/metrics");
      } catch (IOException taken) {
        if (System.nanoTime() > end) {
          throw taken;
        }
      }
    }
  }

  private HttpResponse<String> get(SSLContext context, String path, String... protocols)
      throws IOException, InterruptedException {
    HttpClient.Builder builder = HttpClient.newBuilder().sslContext(context);
    if (protocols.length > 0) {
      SSLParameters parameters = new SSLParameters();
      parameters.setProtocols(protocols);
      builder.sslParameters(parameters);
    }
    URI uri = URI.create("https://127.0.0.1:" + reporter.getPort() + path);
    return builder
        .build()
        .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static SSLContext context(Path own, Path server) throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    if (own == null) {
      KeyStore empty = KeyStore.getInstance("PKCS12");
      empty.load(null, null);
      keys.init(empty, new char[0]);
    } else {
      keys.init(Certificates.opened(own), Certificates.PASSWORD.toCharArray());
    }
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    KeyStore opened = Certificates.opened(server);
    trusted.setCertificateEntry("s", (X509Certificate) opened.getCertificate("server"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }
}
