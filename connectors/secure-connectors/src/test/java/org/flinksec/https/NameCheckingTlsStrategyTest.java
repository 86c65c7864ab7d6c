// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.async.methods.SimpleHttpRequest;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.core5.http.nio.ssl.TlsStrategy;
import org.apache.hc.core5.reactor.ssl.SSLBufferMode;
import org.flinksec.elasticsearch.FakeElasticsearch;
import org.flinksec.elasticsearch.connection.ElasticsearchPreflight;
import org.flinksec.tls.TestAuthority;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Host names, with the very HTTP client that the sink uses. */
@Timeout(300)
class NameCheckingTlsStrategyTest {
  private final TestAuthority authority = new TestAuthority("Test CA");
  private FakeElasticsearch elasticsearch;

  @TempDir Path directory;

  @AfterEach
  void stop() {
    elasticsearch.close();
  }

  @Test
  void theSinkTakesACertificateForItsHost() throws Exception {
    serve("localhost");
    assertThat(check("full")).isEmpty();
    assertThat(check("certificate")).isEmpty();
  }

  @Test
  void theSinkRefusesACertificateForAnotherHostUnlessNamesAreNotToBeChecked() throws Exception {
    serve("search.example.com");
    assertThat(check("full"))
        .isEqualTo(
            "elasticsearch.verification = \"full\": the certificate of https://localhost:%d is not"
                    .formatted(elasticsearch.port())
                + " issued for this host name; use a name that it is issued for, or verification ="
                + " \"certificate\" to accept any name");
    assertThat(check("certificate")).isEmpty();
  }

  @Test
  void aDocumentIsNotSentToAHostOfAnotherName() throws Exception {
    serve("search.example.com");
    try (var client = client(new NameCheckingTlsStrategy(trusting(), true, null))) {
      assertThatThrownBy(() -> status(client, "POST"))
          .hasRootCauseInstanceOf(CertificateException.class)
          .hasStackTraceContaining("No subject alternative DNS name matching localhost found");
    }
    assertThat(elasticsearch.requests()).isEmpty();
  }

  @Test
  void namesGoUncheckedWhereThatIsWanted() throws Exception {
    serve("search.example.com");
    try (var client = client(new NameCheckingTlsStrategy(trusting(), false, null))) {
      assertThat(status(client, "HEAD")).isEqualTo(404);
    }
  }

  /** Should a newer HttpClient fail this test, the strategy may be replaced by the policy. */
  @Test
  void httpClientsOwnPolicyOfLeavingNamesToTheRuntimeChecksNone() throws Exception {
    serve("search.example.com");
    TlsStrategy builtin =
        new DefaultClientTlsStrategy(
            trusting(), null, null, SSLBufferMode.STATIC, HostnameVerificationPolicy.BUILTIN, null);
    try (var client = client(builtin)) {
      assertThat(status(client, "HEAD")).isEqualTo(404);
    }
  }

  private void serve(String name) throws IOException {
    elasticsearch = new FakeElasticsearch(TestAuthority.serverContext(authority.issue(name), null));
  }

  private String check(String verification) {
    Map<String, String> config = new HashMap<>();
    config.put("hosts", "https://localhost:" + elasticsearch.port());
    config.put("verification", verification);
    config.put("ca_certs", authority.caFile(directory.resolve("ca.pem")));
    return ElasticsearchPreflight.check(config, List.of("flights"));
  }

  /** Of the Java runtime alone: trusts the authority, checks a name only where it is told to. */
  private SSLContext trusting() {
    return TestAuthority.serverContext(authority.issue("client"), authority);
  }

  private static CloseableHttpAsyncClient client(TlsStrategy strategy) {
    CloseableHttpAsyncClient client =
        HttpAsyncClients.custom()
            .setConnectionManager(
                PoolingAsyncClientConnectionManagerBuilder.create()
                    .setTlsStrategy(strategy)
                    .build())
            .disableAutomaticRetries()
            .build();
    client.start();
    return client;
  }

  private int status(CloseableHttpAsyncClient client, String method) throws Exception {
    URI uri = URI.create("https://localhost:" + elasticsearch.port() + "/_bulk");
    SimpleHttpRequest request = SimpleHttpRequest.create(method, uri.toString());
    return client.execute(request, null).get(300, TimeUnit.SECONDS).getCode();
  }
}
