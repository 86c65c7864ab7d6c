// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.flinksec.tls.TlsContexts;
import org.flinksec.tls.TlsException;
import org.flinksec.tls.TlsSettings;

/**
 * Asks an OAuth 2.0 server for a token by client credentials (RFC 6749, 4.4), over TLS only.
 *
 * <p>Options: {@code tokenEndpoint}, {@code clientId}, {@code clientSecretFile}, and perhaps {@code
 * scope}, {@code audience} and {@code caCerts}. The secret and the trusted certificates are read
 * anew for each token.
 */
final class TokenEndpoint {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int ATTEMPTS = 3;
  private static final long PAUSE_MILLIS = 500;
  private static final int CONNECT_MILLIS = 5_000;
  private static final int READ_MILLIS = 10_000;

  /** Limits of sockets are for each read, and a server may send a byte at a time. */
  private static final int WHOLE_MILLIS = 15_000;

  private static final int MOST_BYTES = 1 << 20;
  private static final int OK = 200;
  private static final int UNAUTHORIZED = 401;
  private static final int TOO_MANY = 429;
  private static final int SERVER_ERRORS = 500;

  /** RFC 6749, 5.2: an error is a word like {@code invalid_client}. */
  private static final String ERROR_WORD = "[a-z_]{1,40}";

  private final Options options;
  private final String url;
  private final int wholeMillis;

  TokenEndpoint(Options options) {
    this(options, WHOLE_MILLIS);
  }

  /**
   * @param wholeMillis how long one attempt may take
   */
  TokenEndpoint(Options options, int wholeMillis) {
    this.options = options;
    this.url = options.required("tokenEndpoint");
    this.wholeMillis = wholeMillis;
  }

  /**
   * Returns a new token.
   *
   * @throws UnusableLoginException names the setting behind it
   */
  Jwt ask() throws UnusableLoginException {
    for (int attempt = 1; ; attempt++) {
      try {
        return askOnce();
      } catch (Passing e) {
        if (attempt == ATTEMPTS) {
          throw new UnusableLoginException(e.getMessage());
        }
        pause(attempt * PAUSE_MILLIS);
      }
    }
  }

  private Jwt askOnce() throws UnusableLoginException, Passing {
    String secret = options.secret("clientSecretFile", "oauth_client_secret");
    AtomicBoolean isOver = new AtomicBoolean();
    Timer timer = new Timer("token-endpoint", true);
    try {
      HttpsURLConnection connection = (HttpsURLConnection) new URL(url).openConnection();
      connection.setSSLSocketFactory(
          TlsContexts.create(TlsSettings.full(options.get("caCerts"))).getSocketFactory());
      connection.setInstanceFollowRedirects(false);
      connection.setConnectTimeout(CONNECT_MILLIS);
      connection.setReadTimeout(READ_MILLIS);
      connection.setUseCaches(false);
      connection.setDoOutput(true);
      connection.setRequestMethod("POST");
      connection.setRequestProperty("Accept", "application/json");
      connection.setRequestProperty("Authorization", "Basic " + credentials(secret));
      connection.setRequestProperty("Content-Type", "application/x-www-form-urlencoded");
      // Or a second request would reuse a connection that other certificates made.
      connection.setRequestProperty("Connection", "close");
      timer.schedule(
          new TimerTask() {
            @Override
            public void run() {
              isOver.set(true);
              connection.disconnect();
            }
          },
          wholeMillis);
      try (OutputStream out = connection.getOutputStream()) {
        out.write(form().getBytes(StandardCharsets.UTF_8));
      }
      return answered(connection);
    } catch (Passing | UnusableLoginException e) {
      if (isOver.get()) {
        throw tooSlow();
      }
      throw e;
    } catch (TlsException e) {
      throw new UnusableLoginException(
          "%s: %s".formatted(options.setting("oauth_ca_certs"), e.getMessage()));
    } catch (SSLException e) {
      if (isOver.get()) {
        throw tooSlow();
      }
      throw refused(e);
    } catch (UnknownHostException e) {
      throw new Passing(told("its host name cannot be resolved"));
    } catch (IOException | RuntimeException e) {
      if (isOver.get()) {
        throw tooSlow();
      }
      if (e instanceof RuntimeException unexpected) {
        throw unexpected;
      }
      throw new Passing(told("gives no token: " + e.getMessage()));
    } finally {
      timer.cancel();
    }
  }

  private Passing tooSlow() {
    return new Passing(
        told("gives no token: it has not answered whole after %d ms".formatted(wholeMillis)));
  }

  private Jwt answered(HttpsURLConnection connection)
      throws IOException, UnusableLoginException, Passing {
    long asked = System.currentTimeMillis();
    int status = connection.getResponseCode();
    JsonNode answer = content(connection, status);
    if (status == TOO_MANY || status >= SERVER_ERRORS) {
      throw new Passing(told("gives no token: HTTP status " + status));
    }
    if (status != OK) {
      throw refused(status, answer.path("error").asText(""));
    }
    String token = answer.path("access_token").asText("");
    if (token.isEmpty()) {
      throw new UnusableLoginException(told("answers without a token: is it a token endpoint?"));
    }
    double seconds = answer.path("expires_in").asDouble(0);
    long ends = seconds > 0 ? asked + (long) (seconds * 1000) : 0;
    return Jwt.of(token, options.setting("oauth_token_endpoint"), ends);
  }

  private UnusableLoginException refused(int status, String error) {
    boolean isWord = error.matches(ERROR_WORD);
    String why = isWord ? error : "HTTP status " + status;
    boolean isClient = error.endsWith("_client") || (!isWord && status == UNAUTHORIZED);
    if (isClient) {
      return new UnusableLoginException(
          "%s: the token endpoint %s refuses the client %s: %s"
              .formatted(
                  options.setting("oauth_client_secret"), url, options.get("clientId"), why));
    }
    if (error.equals("invalid_scope") || error.equals("invalid_target")) {
      String setting = error.equals("invalid_scope") ? "oauth_scope" : "oauth_audience";
      return new UnusableLoginException(
          "%s: the token endpoint %s refuses it: %s".formatted(options.setting(setting), url, why));
    }
    return new UnusableLoginException(told("gives no token: " + why));
  }

  private UnusableLoginException refused(SSLException e) {
    String said = String.valueOf(e.getMessage());
    if (said.contains("NotAfter") || said.contains("validity check") || said.contains("expired")) {
      return new UnusableLoginException(told("has a certificate that has expired"));
    }
    if (said.contains("PKIX path") || said.contains("trustAnchors")) {
      return new UnusableLoginException(
          "%s: no trusted CA has signed the certificate of the token endpoint %s"
              .formatted(options.setting("oauth_ca_certs"), url));
    }
    if (said.contains("subject alternative") || said.contains("No name matching")) {
      return new UnusableLoginException(told("has a certificate for another host"));
    }
    return new UnusableLoginException(told("cannot be reached over TLS: " + said));
  }

  private String told(String what) {
    return "%s: the token endpoint %s %s"
        .formatted(options.setting("oauth_token_endpoint"), url, what);
  }

  private JsonNode content(HttpsURLConnection connection, int status) throws IOException {
    try (InputStream in =
        status == OK ? connection.getInputStream() : connection.getErrorStream()) {
      JsonNode found = in == null ? null : JSON.readTree(in.readNBytes(MOST_BYTES));
      return found == null ? JSON.createObjectNode() : found;
    } catch (org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JacksonException e) {
      return JSON.createObjectNode(); // without the cause: it may hold a token
    }
  }

  private String form() {
    StringBuilder form = new StringBuilder("grant_type=client_credentials");
    for (String name : new String[] {"scope", "audience"}) {
      if (options.get(name) != null) {
        form.append('&').append(name).append('=').append(encoded(options.get(name)));
      }
    }
    return form.toString();
  }

  /** RFC 6749, 2.3.1: both parts are encoded as in a form first. */
  private String credentials(String secret) {
    String both = encoded(options.required("clientId")) + ":" + encoded(secret);
    return Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private void pause(long millis) throws UnusableLoginException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UnusableLoginException(told("was not waited for"));
    }
  }

  /** What may be better in a moment. */
  private static final class Passing extends Exception {
    private static final long serialVersionUID = 1L;

    Passing(String message) {
      super(message, null, false, false);
    }
  }
}
