// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HexFormat;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.bouncycastle.asn1.x509.GeneralName;
import org.flinksec.Serialized;
import org.flinksec.tls.TestAuthority.Identity;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real handshakes with {@code java.net.http}, which checks host names unless it is kept from it.
 */
class TlsContextsTest {
  private final TestAuthority authority = new TestAuthority("Test CA");
  private final TestAuthority stranger = new TestAuthority("Test CA");
  private HttpsServer server;

  @TempDir Path directory;

  @AfterEach
  void stop() {
    if (server != null) {
      server.stop(0);
    }
  }

  @Test
  void fullAcceptsTheRightAuthorityAndName() throws Exception {
    serve(authority.issue("localhost"));
    assertThat(get(TlsSettings.full(ca(authority)))).isEqualTo(200);
  }

  @Test
  void fullRefusesAnotherAuthorityEvenOfTheSameName() {
    serve(authority.issue("localhost"));
    assertRefused(TlsSettings.full(ca(stranger)));
    assertRefused(TlsSettings.full(null));
  }

  @Test
  void fullRefusesAnotherNameAndCertificateAcceptsIt() throws Exception {
    serve(authority.issue("search.example.com"));
    assertRefused(TlsSettings.full(ca(authority)));
    assertThat(get(settings(Verification.CERTIFICATE, ca(authority), null))).isEqualTo(200);
  }

  /** Java itself would take the common name in each of them. */
  @Test
  void fullTakesNoHostNameOutOfTheSubject() throws Exception {
    GeneralName[][] others = {
      {},
      {new GeneralName(GeneralName.iPAddress, "127.0.0.1")},
      {new GeneralName(GeneralName.rfc822Name, "admin@localhost")},
      {new GeneralName(GeneralName.uniformResourceIdentifier, "https://localhost/")},
    };
    for (GeneralName[] names : others) {
      serve(authority.issue("localhost", names));
      assertThatThrownBy(() -> get(TlsSettings.full(ca(authority))))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("a common name does not count");
      assertThat(get(settings(Verification.CERTIFICATE, ca(authority), null))).isEqualTo(200);
      server.stop(0);
    }
  }

  @Test
  void fullTakesAnAddressThatTheCertificateNamesAndNoOther() throws Exception {
    serve(authority.issue("x", new GeneralName(GeneralName.iPAddress, "127.0.0.1")));
    assertThat(get(TlsSettings.full(ca(authority)), "127.0.0.1")).isEqualTo(200);
    server.stop(0);
    serve(authority.issue("127.0.0.1", TestAuthority.dnsName("127.0.0.1")));
    assertThatThrownBy(() -> get(TlsSettings.full(ca(authority)), "127.0.0.1"))
        .isInstanceOf(IOException.class);
    server.stop(0);
    serve(authority.issue("127.0.0.1"));
    assertThatThrownBy(() -> get(TlsSettings.full(ca(authority)), "127.0.0.1"))
        .isInstanceOf(IOException.class);
  }

  @Test
  void certificateRefusesAnotherAuthority() {
    serve(authority.issue("localhost"));
    assertRefused(settings(Verification.CERTIFICATE, ca(stranger), null));
  }

  @Test
  void fullAndCertificateRefuseAnExpiredCertificate() {
    serve(authority.issue("localhost", TestAuthority.ecKeys(), Instant.now().minusSeconds(60)));
    assertRefused(TlsSettings.full(ca(authority)));
    assertRefused(settings(Verification.CERTIFICATE, ca(authority), null));
  }

  @Test
  void noneAcceptsEverything() throws Exception {
    serve(stranger.issue("elsewhere", TestAuthority.ecKeys(), Instant.now().minusSeconds(60)));
    assertThat(get(settings(Verification.NONE, null, null))).isEqualTo(200);
  }

  @Test
  void fingerprintAcceptsThePinnedLeafUnderAnyName() throws Exception {
    Identity identity = authority.issue("elsewhere");
    serve(identity);
    String colons = sha256(identity.certificate()).replaceAll("(..)(?!$)", "$1:").toUpperCase();
    assertThat(get(settings(Verification.FINGERPRINT, null, colons))).isEqualTo(200);
  }

  @Test
  void fingerprintRefusesAnotherLeafAndThePinnedAuthorityBehindAForgedOne() {
    Identity genuine = authority.issue("localhost");
    Identity forged = stranger.issue("localhost");
    // The forger sends the genuine authority's certificate, which never signed this leaf.
    serve(
        TestAuthority.serverContext(
            forged.keys(), null, forged.certificate(), authority.certificate()),
        false);
    assertRefused(settings(Verification.FINGERPRINT, null, sha256(genuine.certificate())));
    assertRefused(settings(Verification.FINGERPRINT, null, sha256(authority.certificate())));
  }

  @Test
  void aClientCertificateIsSentWithAnEcKeyInPkcs8() throws Exception {
    Identity client = authority.issue("client");
    serveDemandingClientCertificates();
    String key =
        TestAuthority.pem(
            directory.resolve("key.pem"), "PRIVATE KEY", client.keys().getPrivate().getEncoded());
    assertThat(get(withClient(client, key))).isEqualTo(200);
    assertRefused(TlsSettings.full(ca(authority)));
  }

  @Test
  void aClientCertificateIsSentWithAnRsaKeyInPkcs1() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair keys = generator.generateKeyPair();
    Identity client = authority.issue("client", keys, Instant.now().plusSeconds(3600));
    serveDemandingClientCertificates();
    byte[] pkcs1 =
        org.bouncycastle.asn1.pkcs.PrivateKeyInfo.getInstance(keys.getPrivate().getEncoded())
            .parsePrivateKey()
            .toASN1Primitive()
            .getEncoded();
    String key = TestAuthority.pem(directory.resolve("key.pem"), "RSA PRIVATE KEY", pkcs1);
    assertThat(get(withClient(client, key))).isEqualTo(200);
  }

  @Test
  void fullRefusesToWorkForAClientThatForgetsTheName() throws Exception {
    serve(authority.issue("localhost"));
    SSLContext context = TlsContexts.create(TlsSettings.full(ca(authority)));
    int port = server.getAddress().getPort();
    try (SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
      assertThatThrownBy(socket::startHandshake)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("did not ask for the host name to be checked");
    }
  }

  @Test
  void unusableFilesAreNamedWithTheirSetting() throws Exception {
    Path empty = Files.createFile(directory.resolve("empty.pem"));
    assertThatThrownBy(() -> TlsContexts.create(TlsSettings.full("/nowhere/ca.pem")))
        .isInstanceOf(TlsException.class)
        .hasMessage("ca_certs: there is no file /nowhere/ca.pem");
    assertThatThrownBy(() -> TlsContexts.create(TlsSettings.full(empty.toString())))
        .hasMessage("ca_certs: there is no PEM certificate in " + empty);
    String broken =
        TestAuthority.pem(directory.resolve("broken.pem"), "CERTIFICATE", new byte[] {1, 2, 3});
    assertThatThrownBy(() -> TlsContexts.create(TlsSettings.full(broken)))
        .hasMessage("ca_certs: cannot read a certificate in " + broken);
    Identity client = authority.issue("client");
    String encrypted =
        TestAuthority.pem(directory.resolve("enc.pem"), "ENCRYPTED PRIVATE KEY", new byte[] {1});
    assertThatThrownBy(() -> TlsContexts.create(withClient(client, encrypted)))
        .hasMessageStartingWith("client_key: " + encrypted)
        .hasMessageContaining("openssl pkcs8");
    String otherKey =
        TestAuthority.pem(
            directory.resolve("other.pem"),
            "PRIVATE KEY",
            TestAuthority.ecKeys().getPrivate().getEncoded());
    assertThatThrownBy(() -> TlsContexts.create(withClient(client, otherKey)))
        .hasMessage(
            "client_key: the key is not the one of client_cert " + directory.resolve("client.pem"));
  }

  @Test
  void contradictorySettingsAreRefused() {
    assertThatThrownBy(() -> settings(Verification.FULL, null, "00".repeat(32)))
        .hasMessageContaining("only go together");
    assertThatThrownBy(() -> settings(Verification.FINGERPRINT, null, null))
        .hasMessageContaining("only go together");
    assertThatThrownBy(() -> settings(Verification.NONE, "/ca.pem", null))
        .hasMessage("ca_certs is set, but verification = \"none\" would not use it");
    assertThatThrownBy(() -> settings(Verification.FINGERPRINT, null, "abc"))
        .hasMessageContaining("64 hexadecimal digits");
    assertThatThrownBy(() -> Verification.parse("off"))
        .hasMessage(
            "verification is 'off'; it must be one of full, certificate, fingerprint, none");
  }

  @Test
  void settingsTravelAsPathsOnly() {
    TlsSettings settings =
        new TlsSettings(Verification.FULL, "/ca.pem", null, "/client.pem", "/client.key");
    assertThat(Serialized.copy(settings)).isEqualTo(settings);
  }

  private TlsSettings withClient(Identity client, String key) {
    String certificate =
        TestAuthority.pem(
            directory.resolve("client.pem"),
            "CERTIFICATE",
            TestAuthority.der(client.certificate()),
            "CERTIFICATE",
            TestAuthority.der(client.issuer()));
    return new TlsSettings(Verification.FULL, ca(authority), null, certificate, key);
  }

  private static TlsSettings settings(Verification mode, String caCerts, String fingerprint) {
    return new TlsSettings(mode, caCerts, fingerprint, null, null);
  }

  private String ca(TestAuthority of) {
    return of.caFile(directory.resolve(of == authority ? "ca.pem" : "stranger.pem"));
  }

  private void serve(Identity identity) {
    serve(TestAuthority.serverContext(identity, null), false);
  }

  private void serveDemandingClientCertificates() {
    serve(TestAuthority.serverContext(authority.issue("localhost"), authority), true);
  }

  private void serve(SSLContext context, boolean demandClientCertificate) {
    try {
      server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    server.setHttpsConfigurator(
        new HttpsConfigurator(context) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters ssl = context.getDefaultSSLParameters();
            ssl.setNeedClientAuth(demandClientCertificate);
            parameters.setSSLParameters(ssl);
          }
        });
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
  }

  private int get(TlsSettings settings) throws IOException, InterruptedException {
    return get(settings, "localhost");
  }

  private int get(TlsSettings settings, String host) throws IOException, InterruptedException {
    HttpClient client = HttpClient.newBuilder().sslContext(TlsContexts.create(settings)).build();
    URI uri = URI.create("https://" + host + ":" + server.getAddress().getPort() + "/");
    return client
        .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  private void assertRefused(TlsSettings settings) {
    assertThatThrownBy(() -> get(settings)).isInstanceOf(IOException.class);
  }

  private static String sha256(X509Certificate certificate) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(TestAuthority.der(certificate)));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
