// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.util.ExceptionUtils;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.nio.support.AsyncRequestBuilder;
import org.flinksec.https.HttpsClients;
import org.flinksec.https.HttpsFailures;
import org.flinksec.https.LoginException;
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
  private static final String LOGINS =
      "schema_registry.username and schema_registry.password, or schema_registry.token";
  private static final long FIRST_PAUSE_MILLIS = 200;
  private static final long LONGEST_PAUSE_MILLIS = 10_000;

  private final RegistrySettings settings;
  private final TlsFailures failures;

  RegistryHttp(RegistrySettings settings) {
    this.settings = settings;
    this.failures = settings.https().tlsFailures();
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
    try (CloseableHttpAsyncClient client = client()) {
      return send(client, path, body);
    } catch (IOException e) {
      throw new SchemaRegistryException("the schema registry's client cannot be closed", e);
    }
  }

  private Answer send(CloseableHttpAsyncClient client, String path, String body) {
    Instant end = Instant.now().plus(settings.retryTimeout());
    long pause = FIRST_PAUSE_MILLIS;
    while (true) {
      String silent = "";
      for (URI url : settings.https().servers()) {
        try {
          return judged(url, exchange(client, url, path, body));
        } catch (IOException e) {
          Optional<String> wrong =
              ExceptionUtils.findThrowable(e, LoginException.class)
                  .map(Throwable::getMessage)
                  .or(() -> failures.misconfiguration(url.toString(), e));
          if (wrong.isPresent()) {
            throw new SchemaRegistryException(wrong.get());
          }
          silent +=
              (silent.isEmpty() ? "" : "; ")
                  + url
                  + " ("
                  + HttpsFailures.last("schema_registry", e)
                  + ")";
        }
      }
      if (Instant.now().plusMillis(pause).isAfter(end)) {
        throw new SchemaRegistryException("schema_registry.urls: no answer from " + silent);
      }
      sleep(pause);
      pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
    }
  }

  private Answer judged(URI url, Answer answer) throws IOException {
    int status = answer.status();
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
                  settings.https().credentials(LOGINS)));
    }
    if (status >= 300 && status < 400) {
      throw new SchemaRegistryException(
          "schema_registry.urls: %s redirects to another address, which is not followed with"
                  .formatted(url)
              + " credentials: name that one");
    }
    return answer;
  }

  private Answer exchange(CloseableHttpAsyncClient client, URI url, String path, String body)
      throws IOException {
    AsyncRequestBuilder request =
        AsyncRequestBuilder.create(body == null ? "GET" : "POST")
            .setUri(URI.create(url + path))
            .addHeader("Accept", JSON);
    if (body != null) {
      request.setEntity(body.getBytes(StandardCharsets.UTF_8), ContentType.parse(JSON));
    }
    Future<Answer> sent = client.execute(request.build(), new BoundedAnswer(MOST_BYTES), null);
    try {
      // The client's own patience is with each part of an answer.
      return sent.get(2 * settings.https().responseTimeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException(HttpsFailures.last("schema_registry", e), e.getCause());
    } catch (TimeoutException e) {
      throw new IOException("the answer does not end", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SchemaRegistryException("interrupted while the schema registry was asked", e);
    } finally {
      sent.cancel(true);
    }
  }

  /** One for each question: they are few, and files are looked at by each. */
  private CloseableHttpAsyncClient client() {
    try {
      return HttpsClients.create(settings.https(), 1, settings.https().servers().size());
    } catch (TlsException e) {
      throw new SchemaRegistryException(e.getMessage(), e);
    }
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
