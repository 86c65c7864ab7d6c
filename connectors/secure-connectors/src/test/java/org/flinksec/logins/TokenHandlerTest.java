// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import javax.security.auth.Subject;
import javax.security.auth.callback.Callback;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import javax.security.auth.spi.LoginModule;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.auth.SaslExtensionsCallback;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.oauthbearer.OAuthBearerTokenCallback;
import org.flinksec.tls.TestAuthority;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against an HTTPS server of the JDK, with certificates of Bouncy Castle. */
class TokenHandlerTest {
  private static final String SECRET = "canary-secret:+ ä";

  private record Asked(String authorization, String form) {}

  private record Answer(int status, String body) {}

  private final TestAuthority authority = new TestAuthority("Test CA");
  private final List<Asked> asked = new ArrayList<>();
  private final Deque<Answer> answers = new ArrayDeque<>();
  private HttpsServer server;
  private Map<String, String> options;

  @TempDir Path directory;

  @BeforeEach
  void start() throws Exception {
    Files.writeString(directory.resolve("secret"), SECRET + "\n");
    serve("localhost");
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void asksForATokenByClientCredentials() throws Exception {
    options.put("scope", "read write");
    options.put("audience", "kafka&x");
    answers.add(token(jwt(600)));
    OAuthBearerToken token = token(new TokenHandler.Renewing());
    assertThat(token.principalName()).isEqualTo("flink");
    assertThat(token.scope()).containsExactlyInAnyOrder("a", "b");
    assertThat(token.lifetimeMs()).isGreaterThan(System.currentTimeMillis() + 500_000);
    assertThat(token).hasToString("<token of flink>");
    // RFC 6749, 2.3.1: the parts are encoded as in a form before they are joined.
    byte[] basic = "job+one:canary-secret%3A%2B+%C3%A4".getBytes(StandardCharsets.UTF_8);
    assertThat(asked)
        .containsExactly(
            new Asked(
                "Basic " + Base64.getEncoder().encodeToString(basic),
                "grant_type=client_credentials&scope=read+write&audience=kafka%26x"));
  }

  @Test
  void aConnectionTakesTheTokenOfItsClientUntilItIsOver() throws Exception {
    answers.add(token(jwt(600)));
    answers.add(token(jwt(2)));
    answers.add(token(jwt(700)));
    OAuthBearerToken first = token(new TokenHandler.Renewing());
    assertThat(token(new TokenHandler.Presenting()).value()).isEqualTo(first.value());
    OAuthBearerToken second = token(new TokenHandler.Renewing());
    Thread.sleep(Math.max(0, second.lifetimeMs() - System.currentTimeMillis()) + 5);
    assertThat(token(new TokenHandler.Presenting()).value()).isNotEqualTo(second.value());
    assertThat(asked).hasSize(3);
  }

  @Test
  void readsTheSecretForEachToken() throws Exception {
    answers.add(token(jwt(600)));
    answers.add(token(jwt(600)));
    token(new TokenHandler.Renewing());
    Files.writeString(directory.resolve("secret"), "another");
    token(new TokenHandler.Renewing());
    assertThat(asked.get(1).authorization).isNotEqualTo(asked.get(0).authorization);
    Files.delete(directory.resolve("secret"));
    assertRefused("kafka.oauth_client_secret: there is no file ");
  }

  @Test
  void anOpaqueTokenLastsAsLongAsTheServerSays() throws Exception {
    answers.add(new Answer(200, "{\"access_token\":\"opaque\",\"expires_in\":300}"));
    OAuthBearerToken token = token(new TokenHandler.Renewing());
    assertThat(token.lifetimeMs() - System.currentTimeMillis()).isBetween(290_000L, 300_000L);
    answers.add(new Answer(200, "{\"access_token\":\"opaque\"}"));
    assertRefused("kafka.oauth_token_endpoint: what it gives is no JSON Web Token that says when");
  }

  @Test
  void whatItIsRefusedForNamesTheSettingBehindIt() throws Exception {
    Map<Answer, String> all = new HashMap<>();
    all.put(
        new Answer(401, "{\"error\":\"invalid_client\"}"),
        "kafka.oauth_client_secret: the token endpoint %s refuses the client job one:"
            + " invalid_client");
    all.put(
        new Answer(401, "no JSON"),
        "kafka.oauth_client_secret: the token endpoint %s refuses the client job one: HTTP status"
            + " 401");
    all.put(
        new Answer(400, "{\"error\":\"invalid_scope\"}"),
        "kafka.oauth_scope: the token endpoint %s refuses it: invalid_scope");
    all.put(
        new Answer(400, "{\"error\":\"canary-secret: \\n told\"}"),
        "kafka.oauth_token_endpoint: the token endpoint %s gives no token: HTTP status 400");
    all.put(
        new Answer(302, ""),
        "kafka.oauth_token_endpoint: the token endpoint %s gives no token: HTTP status 302");
    all.put(
        new Answer(200, "<html>"),
        "kafka.oauth_token_endpoint: the token endpoint %s answers without a token: is it a token"
            + " endpoint?");
    all.put(
        new Answer(200, "{\"access_token\":\"has a line\\nbreak\",\"expires_in\":9}"),
        "kafka.oauth_token_endpoint: what it gives is no bearer token");
    for (Map.Entry<Answer, String> one : all.entrySet()) {
      asked.clear();
      answers.add(one.getKey());
      assertRefused(one.getValue().formatted(options.get("tokenEndpoint")));
      assertThat(asked).hasSize(1);
    }
  }

  @Test
  void whatMayPassIsTriedThreeTimes() throws Exception {
    answers.add(new Answer(503, ""));
    answers.add(new Answer(429, ""));
    answers.add(token(jwt(600)));
    assertThat(token(new TokenHandler.Renewing()).principalName()).isEqualTo("flink");
    for (int i = 0; i < 3; i++) {
      answers.add(new Answer(500, ""));
    }
    assertRefused("kafka.oauth_token_endpoint: the token endpoint ");
    assertThat(asked).hasSize(6);
  }

  @Test
  void aServerThatSendsAByteAtATimeIsNotWaitedFor() throws Exception {
    server.createContext(
        "/drip",
        exchange -> {
          exchange.sendResponseHeaders(200, 1_000_000);
          for (int i = 0; i < 1_000_000; i++) {
            exchange.getResponseBody().write(' ');
            exchange.getResponseBody().flush();
            LockSupport.parkNanos(20_000_000);
          }
        });
    options.put("tokenEndpoint", options.get("tokenEndpoint").replace("/token", "/drip"));
    TokenEndpoint slow = new TokenEndpoint(Options.of(entries()), 300);
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () ->
            assertThatThrownBy(slow::ask)
                .isInstanceOf(UnusableLoginException.class)
                .hasMessageContaining("gives no token: it has not answered whole after 300 ms"));
  }

  @Test
  void aTokenThatIsOverIsNotShownToABroker() throws Exception {
    answers.add(token(jwt(-1)));
    assertRefused("kafka.oauth_token_endpoint: the token has expired");
  }

  @Test
  void noSecretGoesToAnotherServer() throws Exception {
    options.put("caCerts", new TestAuthority("Test CA").caFile(directory.resolve("other.pem")));
    assertRefused(
        "kafka.oauth_ca_certs: no trusted CA has signed the certificate of the token endpoint");
    options.remove("caCerts");
    assertRefused("kafka.oauth_ca_certs: no trusted CA has signed the certificate");
    server.stop(0);
    serve("login.example.com");
    assertRefused("kafka.oauth_token_endpoint: the token endpoint ");
    assertRefused("has a certificate for another host");
    server.stop(0);
    assertRefused("gives no token: Connection refused");
    assertThat(asked).isEmpty();
  }

  @Test
  void readsATokenOfAFileAtEachConnection() throws Exception {
    Path file = directory.resolve("token");
    options = new HashMap<>(Map.of("tokenFile", file.toString(), "section", "kafka"));
    String first = jwt(600);
    String second = jwt(700);
    Files.writeString(file, first + "\n");
    assertThat(token(new TokenHandler.Renewing()).value()).isEqualTo(first);
    Files.writeString(file, second);
    assertThat(token(new TokenHandler.Presenting()).value()).isEqualTo(second);
    Files.writeString(file, jwt(-5));
    assertRefused("kafka.oauth_token_file: the token has expired");
    Files.writeString(file, "opaque");
    assertRefused("kafka.oauth_token_file: what it gives is no JSON Web Token that says when");
    Files.delete(file);
    assertRefused("kafka.oauth_token_file: there is no file");
    assertThat(asked).isEmpty();
  }

  @Test
  void aTokenThatIsReadAgainOutlivesTheLoginThatReadItBefore() throws Exception {
    Path file = directory.resolve("token");
    options = new HashMap<>(Map.of("tokenFile", file.toString(), "section", "kafka"));
    Files.writeString(file, jwt(600));
    Subject subject = new Subject();
    LoginModule before = loggedIn(subject);
    LoginModule after = loggedIn(subject);
    // So does Kafka's refreshing login.
    before.logout();
    assertThat(subject.getPrivateCredentials(OAuthBearerToken.class)).hasSize(1);
    after.logout();
    assertThat(subject.getPrivateCredentials()).isEmpty();
  }

  @Test
  void extensionsGoAlong() throws Exception {
    options.put("extension_logicalCluster", "lkc-1");
    SaslExtensionsCallback wanted = new SaslExtensionsCallback();
    configured(new TokenHandler.Renewing()).handle(new Callback[] {wanted});
    assertThat(wanted.extensions().map()).isEqualTo(Map.of("logicalCluster", "lkc-1"));
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> token(new TokenHandler.Renewing()))
        .isInstanceOf(UnusableLoginException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("canary")
        .hasNoCause();
  }

  private OAuthBearerToken token(TokenHandler handler) throws Exception {
    OAuthBearerTokenCallback wanted = new OAuthBearerTokenCallback();
    configured(handler).handle(new Callback[] {wanted});
    if (wanted.errorCode() != null) {
      throw new UnusableLoginException(wanted.errorDescription());
    }
    return wanted.token();
  }

  private TokenHandler configured(TokenHandler handler) {
    handler.configure(Map.of(), "OAUTHBEARER", entries());
    return handler;
  }

  /** By Kafka's own module. */
  private LoginModule loggedIn(Subject subject) throws Exception {
    LoginModule module = new OAuthBearerLoginModule();
    module.initialize(subject, configured(new TokenHandler.Renewing()), Map.of(), options);
    module.login();
    module.commit();
    return module;
  }

  private List<AppConfigurationEntry> entries() {
    return List.of(new AppConfigurationEntry("m", LoginModuleControlFlag.REQUIRED, options));
  }

  private static Answer token(String text) {
    return new Answer(200, "{\"access_token\":\"%s\"}".formatted(text));
  }

  private static String jwt(long seconds) {
    String claims =
        "{\"sub\":\"flink\",\"scope\":\"a b\",\"exp\":%d}"
            .formatted(Instant.now().getEpochSecond() + seconds);
    return "e30."
        + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes())
        + ".c2ln";
  }

  private void serve(String name) throws Exception {
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(TestAuthority.serverContext(authority.issue(name), null)));
    server.createContext("/token", this::answer);
    server.start();
    options =
        new HashMap<>(
            Map.of(
                "section", "kafka",
                "tokenEndpoint",
                    "https://localhost:%d/token".formatted(server.getAddress().getPort()),
                "clientId", "job one",
                "clientSecretFile", directory.resolve("secret").toString(),
                "caCerts", authority.caFile(directory.resolve("ca.pem"))));
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String form = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      asked.add(new Asked(exchange.getRequestHeaders().getFirst("Authorization"), form));
      Answer answer = answers.remove();
      if (answer.status == 302) {
        exchange.getResponseHeaders().add("Location", options.get("tokenEndpoint"));
      }
      byte[] body = answer.body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(answer.status, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }
}
