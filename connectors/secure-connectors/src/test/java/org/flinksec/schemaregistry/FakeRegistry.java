// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.flinksec.tls.TestAuthority;

/**
 * An HTTPS server that answers as a test says; what registries really answer is tested elsewhere.
 */
final class FakeRegistry implements AutoCloseable {
  interface Behaviour {
    void answer(HttpExchange exchange, String body) throws IOException;
  }

  final List<String> requests = Collections.synchronizedList(new ArrayList<>());
  final List<String> authorizations = Collections.synchronizedList(new ArrayList<>());
  private final HttpsServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final String caCerts;
  volatile Behaviour behaviour;

  FakeRegistry(Path directory, String name, Behaviour behaviour) throws Exception {
    this.behaviour = behaviour;
    TestAuthority authority = new TestAuthority("registry tests");
    this.caCerts = authority.caFile(directory.resolve(name + System.nanoTime() + ".pem"));
    this.server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(TestAuthority.serverContext(authority.issue(name), null)));
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI().getRawPath());
    authorizations.add(exchange.getRequestHeaders().getFirst("Authorization"));
    try (exchange) {
      behaviour.answer(exchange, body);
    }
  }

  static void say(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  String url() {
    return "https://localhost:" + server.getAddress().getPort();
  }

  Map<String, String> settings() {
    return new HashMap<>(Map.of("urls", url(), "ca_certs", caCerts, "retry_timeout", "0"));
  }

  SchemaRegistry client(Map<String, String> more) {
    Map<String, String> settings = settings();
    settings.putAll(more);
    return new SchemaRegistry(RegistrySettings.parse(settings));
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
