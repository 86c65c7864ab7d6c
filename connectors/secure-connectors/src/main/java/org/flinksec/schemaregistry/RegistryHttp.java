// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.flinksec.tls.TlsContexts;
import org.flinksec.tls.TlsException;
import org.flinksec.tls.TlsFailures;

/**
 * Requests to a schema registry, each sent to its addresses in turn until one answers.
 *
 * <p>Credentials go to the addresses of the settings alone: redirects are not followed. An answer
 * is at most {@value #MOST_BYTES} bytes long.
 */
final class RegistryHttp {
  static final int MOST_BYTES = 4 << 20;

  private static final String JSON = "application/vnd.schemaregistry.v1+json";
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration ANSWER = Duration.ofSeconds(15);
  private static final long FIRST_PAUSE_MILLIS = 200;
  private static final long LONGEST_PAUSE_MILLIS = 10_000;

  private final RegistrySettings settings;
  private final TlsFailures failures;
  private HttpClient client;

  RegistryHttp(RegistrySettings settings) {
    this.settings = settings;
    this.failures = new TlsFailures("schema_registry", "urls", settings.tls());
  }

  /**
   * An answer that is neither a failure of the server nor a refusal of the login.
   *
   * @param status of HTTP
   * @param body at most {@value #MOST_BYTES} bytes
   */
  record Answer(int status, byte[] body) {}

  /**
   * Sends a request until it is answered.
   *
   * @param path below the addresses, with a slash in front
   * @param body JSON to post; null to get
   * @throws SchemaRegistryException if no address answers in time, or a setting keeps the job out
   */
  Answer send(String path, String body) {
    Instant end = Instant.now().plus(settings.retryTimeout());
    long pause = FIRST_PAUSE_MILLIS;
    while (true) {
      String silent = "";
      for (URI url : settings.urls()) {
        try {
          return judged(url, exchange(url, path, body));
        } catch (IOException e) {
          Optional<String> wrong = failures.misconfiguration(url.toString(), e);
          if (wrong.isPresent()) {
            throw new SchemaRegistryException(wrong.get());
          }
          silent += (silent.isEmpty() ? "" : "; ") + url + " (" + TlsFailures.last(e) + ")";
        }
      }
      if (Instant.now().plusMillis(pause).isAfter(end)) {
        throw new SchemaRegistryException("schema_registry.urls: no answer from " + silent);
      }
      sleep(pause);
      pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
    }
  }

  private Answer judged(URI url, HttpResponse<byte[]> answer) throws IOException {
    int status = answer.statusCode();
    if (status >= 500 || status == 429) {
      throw new IOException("status " + status);
    }
    if (status == 401 || status == 403) {
      throw new SchemaRegistryException(
          "%s refuses %s (status %d): %s"
              .formatted(
                  url,
                  status == 401 ? "the credentials" : "the job what it asks",
                  status,
                  RegistryCredentials.describe(settings)));
    }
    if (status >= 300 && status < 400) {
      throw new SchemaRegistryException(
          "schema_registry.urls: %s redirects to another address, which is not followed with"
                  .formatted(url)
              + " credentials: name that one");
    }
    return new Answer(status, answer.body());
  }

  private HttpResponse<byte[]> exchange(URI url, String path, String body) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + path)).timeout(ANSWER).header("Accept", JSON);
    String authorization = RegistryCredentials.authorization(settings);
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    if (body != null) {
      request
          .header("Content-Type", JSON)
          .POST(HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8));
    }
    CompletableFuture<HttpResponse<byte[]>> sent =
        client().sendAsync(request.build(), answer -> new BoundedBody(MOST_BYTES));
    try {
      return sent.get(2 * ANSWER.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException(TlsFailures.last(e), e.getCause());
    } catch (TimeoutException e) {
      throw new IOException("the answer does not end", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SchemaRegistryException("interrupted while the schema registry was asked", e);
    } finally {
      sent.cancel(true);
    }
  }

  private HttpClient client() {
    if (client == null) {
      try {
        client =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT)
                .sslContext(TlsContexts.create(settings.tls()))
                .build();
      } catch (TlsException e) {
        throw new SchemaRegistryException("schema_registry." + e.getMessage(), e);
      }
    }
    return client;
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SchemaRegistryException("interrupted while the schema registry was asked", e);
    }
  }
}
