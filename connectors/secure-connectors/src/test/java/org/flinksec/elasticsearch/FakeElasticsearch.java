// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.function.ToIntFunction;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.SSLContext;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** Speaks just enough of Elasticsearch, over HTTP or HTTPS, and answers as a test tells it. */
public final class FakeElasticsearch implements AutoCloseable {
  /** One operation that arrived. */
  public record Operation(String action, String id, String document, String meta) {
    Operation(String action, String id, String document) {
      this(action, id, document, null);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Operation that
          && action.equals(that.action)
          && Objects.equals(id, that.id)
          && Objects.equals(document, that.document);
    }

    @Override
    public int hashCode() {
      return Objects.hash(action, id, document);
    }
  }

  /** What is said of one operation. */
  record Answer(int status, String type, String reason) {
    /** A usual answer of this status. */
    static Answer of(int status) {
      return switch (status) {
        case 400 ->
            new Answer(
                400,
                "document_parsing_exception",
                "[1:15] failed to parse field [n] of type [long] in document with id 'bad'."
                    + " Preview of field's value: 'CANARY'");
        case 404 -> new Answer(404, "index_not_found_exception", "no such index [flights]");
        default ->
            new Answer(status, "es_rejected_execution_exception", "source[{\"s\":\"CANARY\"}]");
      };
    }
  }

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<List<Operation>> requests = new ArrayList<>();
  private final Map<String, String> documents = new ConcurrentHashMap<>();
  private final List<String> paths = new CopyOnWriteArrayList<>();
  private volatile int largestBody = Integer.MAX_VALUE;
  private volatile String authorization;
  private volatile IntUnaryOperator requestStatus = request -> 200;
  private volatile Function<Operation, Answer> items = operation -> Answer.of(201);
  private volatile long delayMillis;
  private volatile BooleanSupplier lost = () -> false;
  private volatile boolean drips;
  private final AtomicInteger refusedLogins = new AtomicInteger();
  private volatile int contactStatus = 404;
  private volatile int rootStatus = 200;
  private volatile String garbage;
  private volatile Answer refusal = new Answer(0, "scripted_exception", "id [CANARY] is odd");

  /**
   * @param context null for plain HTTP
   */
  public FakeElasticsearch(SSLContext context) throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    if (context == null) {
      server = HttpServer.create(address, 0);
    } else {
      HttpsServer https = HttpsServer.create(address, 0);
      https.setHttpsConfigurator(new HttpsConfigurator(context));
      server = https;
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** Where it listens. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** The value that the {@code Authorization} header must have. */
  public void demand(String value) {
    authorization = value;
  }

  /** How many requests had another. */
  int refusedLogins() {
    return refusedLogins.get();
  }

  /** The status of the n-th bulk request, from 1. */
  void requestStatus(IntUnaryOperator status) {
    requestStatus = status;
  }

  /** What is said of a bulk request as a whole, whose status is another than 200. */
  void refusal(String type, String reason) {
    refusal = new Answer(0, type, reason);
  }

  /** The status of an operation; 400 and above is answered as an error. */
  void itemStatus(ToIntFunction<Operation> status) {
    items = operation -> Answer.of(status.applyAsInt(operation));
  }

  /** What is said of an operation; 400 and above is answered as an error. */
  void items(Function<Operation, Answer> answer) {
    items = answer;
  }

  /** The status when the index is asked for. */
  void contactStatus(int status) {
    contactStatus = status;
  }

  /** The status when the server is asked what it is. */
  void rootStatus(int status) {
    rootStatus = status;
  }

  /** Answers bulk requests with this in place of JSON. */
  void garbage(String body) {
    garbage = body;
  }

  /** Whether answers to bulk requests begin and never end, a byte at a time. */
  void drips(boolean ever) {
    drips = ever;
  }

  /** Whether the work is done, and the connection then closed without an answer. */
  void loseAnswers(BooleanSupplier lose) {
    lost = lose;
  }

  void delayMillis(long millis) {
    delayMillis = millis;
  }

  /** All bulk requests so far, refused ones included. */
  public synchronized List<List<Operation>> requests() {
    return List.copyOf(requests);
  }

  /** What the index holds, by id. */
  Map<String, String> documents() {
    return Map.copyOf(documents);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = body(exchange);
      if (authorization != null
          && !authorization.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        refusedLogins.incrementAndGet();
        answer(exchange, 401, "{\"error\":{\"type\":\"security_exception\"},\"status\":401}");
      } else if (exchange.getRequestMethod().equals("GET")) {
        exchange.getResponseHeaders().set("X-Elastic-Product", "Elasticsearch");
        answer(exchange, rootStatus, "{\"version\":{\"number\":\"8.19.0\"}}");
      } else if (exchange.getRequestMethod().equals("HEAD")) {
        exchange.sendResponseHeaders(contactStatus, -1);
      } else {
        paths.add(exchange.getRequestURI().toString());
        if (body.length > largestBody) {
          answer(exchange, 413, "");
          return;
        }
        bulk(exchange, operations(new String(body, StandardCharsets.UTF_8)));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static byte[] body(HttpExchange exchange) throws IOException {
    boolean gzip = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
    try (InputStream in =
        gzip ? new GZIPInputStream(exchange.getRequestBody()) : exchange.getRequestBody()) {
      return in.readAllBytes();
    }
  }

  private static List<Operation> operations(String body) throws IOException {
    List<Operation> operations = new ArrayList<>();
    String[] lines = body.split("\n");
    for (int i = 0; i < lines.length; i++) {
      Map.Entry<String, JsonNode> action = JSON.readTree(lines[i]).fields().next();
      JsonNode id = action.getValue().get("_id");
      boolean deletes = action.getKey().equals("delete");
      operations.add(
          new Operation(
              action.getKey(),
              id == null ? null : id.asText(),
              deletes ? null : lines[++i],
              action.getValue().toString()));
    }
    return operations;
  }

  private void bulk(HttpExchange exchange, List<Operation> operations)
      throws IOException, InterruptedException {
    int number;
    synchronized (this) {
      requests.add(operations);
      number = requests.size();
    }
    Thread.sleep(delayMillis);
    if (drips) {
      drip(exchange);
      return;
    }
    int status = requestStatus.applyAsInt(number);
    if (status != 200) {
      answer(
          exchange,
          status,
          "{\"error\":{\"type\":\"%s\",\"reason\":\"%s\"}}"
              .formatted(refusal.type(), refusal.reason()));
      return;
    }
    if (garbage != null) {
      answer(exchange, 200, garbage);
      return;
    }
    List<String> items = new ArrayList<>();
    for (Operation operation : operations) {
      items.add("{\"%s\":%s}".formatted(operation.action, item(operation)));
    }
    if (!lost.getAsBoolean()) {
      answer(exchange, 200, "{\"errors\":true,\"items\":[%s]}".formatted(String.join(",", items)));
    }
  }

  private void drip(HttpExchange exchange) throws IOException, InterruptedException {
    exchange.sendResponseHeaders(200, 0);
    while (drips) {
      exchange.getResponseBody().write(' ');
      exchange.getResponseBody().flush();
      Thread.sleep(20);
    }
  }

  private String item(Operation operation) throws IOException {
    Answer answer = items.apply(operation);
    int status = answer.status;
    if (status >= 400 && answer.type == null) { // nothing there to be deleted
      return "{\"status\":%d}".formatted(status);
    }
    if (status >= 400) {
      return JSON.writeValueAsString(
          Map.of("status", status, "error", Map.of("type", answer.type, "reason", answer.reason)));
    }
    String id = operation.id == null ? "auto-" + documents.size() : operation.id;
    if (operation.document == null) {
      documents.remove(id);
    } else {
      documents.put(id, operation.document);
    }
    return "{\"status\":%d}".formatted(status);
  }

  /** The bulk requests' addresses, such as {@code /flights/_bulk?pipeline=clean}. */
  List<String> paths() {
    return List.copyOf(paths);
  }

  /** The largest body of a bulk request that is taken, in bytes. */
  void largestBody(int bytes) {
    largestBody = bytes;
  }

  private static void answer(HttpExchange exchange, int status, String json) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
