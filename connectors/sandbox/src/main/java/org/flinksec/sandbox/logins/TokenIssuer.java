// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.logins;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.RsaJsonWebKey;
import org.jose4j.jwk.RsaJwkGenerator;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.jose4j.lang.JoseException;

/**
 * A small OAuth 2.0 server: {@code POST /token} gives a JSON Web Token for client credentials.
 *
 * <p>The token's subject is the client. It lasts as many seconds as the file {@code token-seconds}
 * says when it is asked for, and is for the audience of the request, else for {@code kafka}. Its
 * key is new at each start; the public half is in {@code jwks.json}, and a token of the job in
 * {@code flink.token}.
 */
public final class TokenIssuer {
  private static final String AUDIENCE = "kafka";
  private static final int BITS = 2048;
  private static final int MOST_BYTES = 1 << 16;
  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;
  private static final int UNAUTHORIZED = 401;

  private final Path directory;
  private final String issuer;
  private final RsaJsonWebKey key;
  private final HttpsServer server;

  /**
   * Starts it.
   *
   * @param settings {@code tokens.directory} of the secrets, {@code tokens.issuer}, a URL, {@code
   *     tokens.bind} and {@code tokens.port}, and {@code tokens.keystore} with {@code
   *     tokens.password}, of its certificate
   */
  public TokenIssuer(Properties settings) throws Exception {
    directory = Path.of(settings.getProperty("tokens.directory"));
    issuer = settings.getProperty("tokens.issuer");
    key = RsaJwkGenerator.generateJwk(BITS);
    key.setKeyId(UUID.randomUUID().toString());
    JsonWebKeySet keys = new JsonWebKeySet(key);
    Files.writeString(
        directory.resolve("jwks.json"), keys.toJson(JsonWebKey.OutputControlLevel.PUBLIC_ONLY));
    writeToken(directory.resolve("flink.token"));
    InetSocketAddress address =
        new InetSocketAddress(
            settings.getProperty("tokens.bind"),
            Integer.parseInt(settings.getProperty("tokens.port")));
    server = HttpsServer.create(address, 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(
            context(
                Path.of(settings.getProperty("tokens.keystore")),
                settings.getProperty("tokens.password").toCharArray())));
    server.createContext("/token", this::answer);
    server.start();
  }

  public void stop() {
    server.stop(0);
  }

  private static SSLContext context(Path store, char[] password) throws Exception {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, password);
    }
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(keys, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(factory.getKeyManagers(), null, null);
    return context;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String[] client = client(exchange);
      Map<String, String> form = form(exchange);
      if (client == null
          || !new Passwords(directory).fits(client[0], Passwords.OF_CLIENT, client[1])) {
        send(exchange, UNAUTHORIZED, "{\"error\":\"invalid_client\"}");
      } else if (!"client_credentials".equals(form.get("grant_type"))) {
        send(exchange, BAD_REQUEST, "{\"error\":\"unsupported_grant_type\"}");
      } else {
        send(exchange, OK, token(client[0], form));
      }
    } catch (JoseException e) {
      throw new IOException(e);
    }
  }

  private String token(String client, Map<String, String> form) throws IOException, JoseException {
    long seconds = Long.parseLong(Files.readString(directory.resolve("token-seconds")).strip());
    String audience = form.getOrDefault("audience", AUDIENCE);
    return "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%d}"
        .formatted(signed(client, audience, seconds, form.get("scope")), seconds);
  }

  private String signed(String client, String audience, long seconds, String scope)
      throws JoseException {
    JwtClaims claims = new JwtClaims();
    claims.setIssuer(issuer);
    claims.setSubject(client);
    claims.setAudience(audience);
    claims.setIssuedAtToNow();
    claims.setExpirationTime(NumericDate.fromSeconds(NumericDate.now().getValue() + seconds));
    claims.setGeneratedJwtId();
    if (scope != null) {
      claims.setStringClaim("scope", scope);
    }
    JsonWebSignature signed = new JsonWebSignature();
    signed.setPayload(claims.toJson());
    signed.setKey(key.getPrivateKey());
    signed.setKeyIdHeaderValue(key.getKeyId());
    signed.setAlgorithmHeaderValue(AlgorithmIdentifiers.RSA_USING_SHA256);
    return signed.getCompactSerialization();
  }

  /** As Kubernetes projects one; for a day. */
  private void writeToken(Path file) throws IOException, JoseException {
    Files.deleteIfExists(file);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, signed("flink", AUDIENCE, Duration.ofDays(1).toSeconds(), null));
  }

  /** Name and secret of the header (RFC 6749, 2.3.1), or null. */
  private static String[] client(HttpExchange exchange) {
    String header = exchange.getRequestHeaders().getFirst("Authorization");
    if (header == null || !header.startsWith("Basic ")) {
      return null;
    }
    String both =
        new String(
            Base64.getDecoder().decode(header.substring("Basic ".length())),
            StandardCharsets.UTF_8);
    int colon = both.indexOf(':');
    return colon < 0
        ? null
        : new String[] {decoded(both.substring(0, colon)), decoded(both.substring(colon + 1))};
  }

  private static Map<String, String> form(HttpExchange exchange) throws IOException {
    String body =
        new String(exchange.getRequestBody().readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
    Map<String, String> found = new HashMap<>();
    for (String pair : body.split("&")) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        found.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
      }
    }
    return found;
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private static void send(HttpExchange exchange, int status, String json) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.getResponseHeaders().add("Cache-Control", "no-store");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }
}
