// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.schemaregistry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;

/** Passes requests on over HTTPS, with Confluent's paths, if they bring an accepted login. */
final class Door {
  private static final String INTERFACE = "/apis/ccompat/v7";
  private static final int UNAUTHORIZED = 401;
  private static final int BAD_GATEWAY = 502;
  private static final int THREADS = 8;
  private static final int MOST_BYTES = 8 << 20;
  private static final long PAUSE_MILLIS = 100;
  private static final Duration WAIT = Duration.ofSeconds(30);

  private final String inner;
  private final List<byte[]> accepted;
  private final HttpsServer server;
  private final HttpClient client;

  Door(Properties settings, SSLContext tls) throws IOException {
    inner =
        "https://%s:%s%s"
            .formatted(settings.getProperty("name"), settings.getProperty("inner.port"), INTERFACE);
    accepted =
        settings.stringPropertyNames().stream()
            .filter(name -> name.startsWith("authorization."))
            .map(name -> settings.getProperty(name).getBytes(StandardCharsets.UTF_8))
            .toList();
    client = HttpClient.newBuilder().sslContext(tls).version(HttpClient.Version.HTTP_1_1).build();
    int port = Integer.parseInt(settings.getProperty("port"));
    server = HttpsServer.create(new InetSocketAddress(settings.getProperty("host"), port), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    server.setExecutor(Executors.newFixedThreadPool(THREADS));
    server.createContext("/", this::handle);
  }

  /** Returns when Apicurio answers. */
  void awaitInner() throws InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(inner + "/subjects")).build();
    while (true) {
      try {
        if (client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        // It is not there yet; who started us does not wait for ever.
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  void open() {
    server.start();
  }

  void close() {
    server.stop(0);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!isAccepted(exchange.getRequestHeaders().getFirst("Authorization"))) {
        exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"sandbox\"");
        answer(exchange, UNAUTHORIZED, "{\"error_code\":40101,\"message\":\"Unauthorized\"}");
        return;
      }
      try {
        pass(exchange);
      } catch (IOException e) {
        answer(exchange, BAD_GATEWAY, "{\"error_code\":50200,\"message\":\"no answer within\"}");
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean isAccepted(String given) {
    byte[] bytes = given == null ? new byte[0] : given.getBytes(StandardCharsets.UTF_8);
    return accepted.stream().anyMatch(one -> MessageDigest.isEqual(one, bytes));
  }

  private void pass(HttpExchange exchange) throws IOException, InterruptedException {
    byte[] body = exchange.getRequestBody().readNBytes(MOST_BYTES);
    String query = exchange.getRequestURI().getRawQuery();
    String path = exchange.getRequestURI().getRawPath() + (query == null ? "" : "?" + query);
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(inner + path)).timeout(WAIT);
    for (String name : List.of("Accept", "Content-Type")) {
      String value = exchange.getRequestHeaders().getFirst(name);
      if (value != null) {
        request.header(name, value);
      }
    }
    request.method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
    HttpResponse<byte[]> found =
        client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    found
        .headers()
        .firstValue("Content-Type")
        .ifPresent(type -> exchange.getResponseHeaders().set("Content-Type", type));
    answer(exchange, found.statusCode(), new String(found.body(), StandardCharsets.UTF_8));
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }
}
