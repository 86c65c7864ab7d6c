// SPDX-License-Identifier: Apache-2.0

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.types.Row;
import org.flinksec.elasticsearch.ElasticsearchSinks;

/**
 * Writes documents to an index: {@code ElasticsearchWays WAY DOCUMENTS}, the sink's flat settings on
 * standard input. Ways: {@code bare}, {@code ours}, {@code flink}. Writes a fifth of them to warm up
 * first, then all. Prints seconds, from the first document to the last acknowledgement, and seconds
 * of CPU.
 */
public final class ElasticsearchWays {
  static final String[] NAMES = {"id", "airline", "number", "origin", "destination", "departed_at", "delay", "note"};
  static final TypeInformation<Row> TYPE =
      Types.ROW_NAMED(
          NAMES,
          Types.STRING, Types.STRING, Types.LONG, Types.STRING, Types.STRING, Types.INSTANT, Types.DOUBLE, Types.STRING);
  private static volatile long start;

  private ElasticsearchWays() {}

  public static void main(String[] arguments) throws Exception {
    Properties read = new Properties();
    read.load(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Map<String, String> config =
        read.stringPropertyNames().stream().collect(Collectors.toMap(name -> name, read::getProperty));
    int documents = Integer.parseInt(arguments[1]);
    run(arguments[0], config, documents / 5);
    System.gc();
    long cpu = cpu();
    start = 0;
    run(arguments[0], config, documents);
    System.out.printf("%.3f %.3f%n", (System.nanoTime() - start) / 1e9, (cpu() - cpu) / 1e9);
    Runtime.getRuntime().halt(0);
  }

  private static long cpu() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
  }

  private static void run(String way, Map<String, String> config, int documents) throws Exception {
    switch (way) {
      case "bare" -> loop(config, documents);
      case "ours" -> job(ElasticsearchSinks.forRows(config, TYPE), documents);
      default ->
          job(
              (Sink<Row>)
                  Class.forName("FlinksElasticsearch").getMethod("sink", Map.class).invoke(null, config),
              documents);
    }
  }

  /** The document of a number; all ways write the same. */
  static Row row(long n) {
    if (start == 0) {
      start = System.nanoTime();
    }
    return Row.of(
        "id-" + n,
        "LH",
        n % 9000,
        "FRA",
        "JFK",
        Instant.ofEpochSecond(1_770_000_000L + n),
        n % 240 / 4.0,
        "a text of some words, as documents have them, number " + n);
  }

  private static void job(Sink<Row> sink, int documents) throws Exception {
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1);
    environment.getConfig().enableObjectReuse();
    environment.fromSequence(0, documents - 1).map(ElasticsearchWays::row).returns(TYPE).sinkTo(sink);
    environment.execute("bench");
  }

  static SSLContext tls(String file) {
    try (FileInputStream in = new FileInputStream(file)) {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null);
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        trusted.setCertificateEntry("ca" + trusted.size(), one);
      }
      TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  static String password(Map<String, String> config) {
    try {
      return Files.readString(Path.of(config.get("password"))).strip();
    } catch (java.io.IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Bulk requests as fast as they go, with no care for what is refused, but to stop. */
  private static void loop(Map<String, String> config, int documents) throws Exception {
    HttpClient client =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(tls(config.get("ca_certs"))).build();
    String credentials = config.get("username") + ":" + password(config);
    URI bulk = URI.create(config.get("hosts") + "/" + config.get("index") + "/_bulk?filter_path=errors");
    int most = Integer.parseInt(config.get("max_in_flight"));
    int size = Integer.parseInt(config.get("max_batch_size"));
    Semaphore inFlight = new Semaphore(most);
    AtomicReference<String> failed = new AtomicReference<>();
    ByteArrayOutputStream body = new ByteArrayOutputStream(1 << 20);
    for (int n = 0; n < documents; n++) {
      body.writeBytes(lines(row(n)).getBytes(StandardCharsets.UTF_8));
      if ((n + 1) % size == 0 || n + 1 == documents) {
        inFlight.acquire();
        HttpRequest request =
            HttpRequest.newBuilder(bulk)
                .header("Content-Type", "application/x-ndjson")
                .header(
                    "Authorization",
                    "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()))
                .build();
        body.reset();
        client
            .sendAsync(request, HttpResponse.BodyHandlers.ofString())
            .whenComplete(
                (answer, error) -> {
                  if (error != null || !answer.body().equals("{\"errors\":false}")) {
                    failed.set(String.valueOf(error == null ? answer.statusCode() : error));
                  }
                  inFlight.release();
                });
      }
    }
    inFlight.acquire(most);
    if (failed.get() != null) {
      throw new IllegalStateException("a bulk request failed: " + failed.get());
    }
  }

  private static String lines(Row row) {
    StringBuilder text = new StringBuilder(400).append("{\"index\":{\"_id\":\"").append(row.getField(0)).append("\"}}\n{");
    for (int i = 0; i < NAMES.length; i++) {
      Object value = row.getField(i);
      text.append(i == 0 ? "\"" : ",\"").append(NAMES[i]).append("\":");
      if (value instanceof Number) {
        text.append(value);
      } else {
        text.append('"').append(value).append('"');
      }
    }
    return text.append("}\n").toString();
  }
}
