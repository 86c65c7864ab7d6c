// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLEngine;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.KafkaException;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PKCS8Generator;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8EncryptorBuilder;
import org.flinksec.tls.TestAuthority;
import org.flinksec.tls.TestAuthority.Identity;
import org.flinksec.tls.TlsException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReloadingSslEngineFactoryTest {
  private static final String PASSWORD = "canary p";

  private final TestAuthority authority = new TestAuthority("Test CA");
  private final Map<String, String> configs = new HashMap<>();
  private final ReloadingSslEngineFactory factory = new ReloadingSslEngineFactory();

  @TempDir Path directory;

  @BeforeEach
  void files() throws Exception {
    Files.writeString(file("password"), PASSWORD + "\n");
    authority.caFile(file("ca.pem"));
    configs.put("flinksec.ssl.section", "kafka");
    configs.put("ssl.protocol", "TLSv1.3");
    configs.put("ssl.truststore.location", file("ca.pem").toString());
  }

  @Test
  void aCertificateThatIsReplacedIsShownOnTheNextConnection() throws Exception {
    Identity first = write(authority.issue("first"));
    factory.configure(parsed());
    assertThat(shown()).isEqualTo(first.certificate());
    Identity second = write(authority.issue("second"));
    assertThat(shown()).isEqualTo(second.certificate());
  }

  @Test
  void whatCannotBeUsedIsNotTakenAndWhatIsWholeAgainIs() throws Exception {
    Identity first = write(authority.issue("first"));
    factory.configure(parsed());
    write(authority.issue("old", TestAuthority.ecKeys(), Instant.now().minusSeconds(5)));
    assertThat(shown()).isEqualTo(first.certificate());
    Identity second = authority.issue("second");
    TestAuthority.pem(file("cert.pem"), "CERTIFICATE", TestAuthority.der(second.certificate()));
    assertThat(shown()).isEqualTo(first.certificate()); // the key is still another
    Files.writeString(file("cert.pem"), "-----BEGIN CERT");
    assertThat(shown()).isEqualTo(first.certificate());
    Files.delete(file("key.pem"));
    assertThat(shown()).isEqualTo(first.certificate());
    write(second);
    assertThat(shown()).isEqualTo(second.certificate());
  }

  @Test
  void anAuthorityThatIsAddedIsTrustedOnTheNextConnection() throws Exception {
    factory.configure(parsed());
    assertThat(factory.truststore().size()).isEqualTo(1);
    TestAuthority.pem(
        file("ca.pem"),
        "CERTIFICATE",
        TestAuthority.der(authority.certificate()),
        "CERTIFICATE",
        TestAuthority.der(new TestAuthority("Next CA").certificate()));
    assertThat(factory.truststore().size()).isEqualTo(2);
  }

  @Test
  void theHostNameIsCheckedAsKafkaSays() {
    factory.configure(parsed());
    SSLEngine engine = factory.createClientSslEngine("broker", 9093, "https");
    assertThat(engine.getSSLParameters().getEndpointIdentificationAlgorithm())
        .isEqualToIgnoringCase("HTTPS");
    assertThat(engine.getUseClientMode()).isTrue();
  }

  @Test
  void storesOfBothTypesAreToldApartByTheirContent() throws Exception {
    for (String type : new String[] {"PKCS12", "JKS"}) {
      Identity own = authority.issue(type);
      store(type, file("own"), own.keys(), own.certificate(), own.issuer());
      store(type, file("trusted"), null, authority.certificate());
      configs.put("ssl.keystore.location", file("own").toString());
      configs.put("flinksec.ssl.key.password.location", file("password").toString());
      configs.put("ssl.truststore.location", file("trusted").toString());
      configs.put("flinksec.ssl.truststore.password.location", file("password").toString());
      ReloadingSslEngineFactory made = new ReloadingSslEngineFactory();
      made.configure(parsed());
      assertThat(shown(made)).isEqualTo(own.certificate());
      assertThat(made.truststore().size()).isEqualTo(1);
    }
  }

  @Test
  void anEncryptedKeyIsOpenedByItsPassword() throws Exception {
    Identity own = write(authority.issue("own"));
    JceOpenSSLPKCS8EncryptorBuilder how =
        new JceOpenSSLPKCS8EncryptorBuilder(NISTObjectIdentifiers.id_aes256_CBC);
    how.setPassword(PASSWORD.toCharArray());
    how.setProvider(new BouncyCastleProvider());
    PKCS8Generator encrypted = new JcaPKCS8Generator(own.keys().getPrivate(), how.build());
    byte[] content = encrypted.generate().getContent();
    TestAuthority.pem(file("key.pem"), "ENCRYPTED PRIVATE KEY", content);
    configs.put("flinksec.ssl.key.password.location", file("password").toString());
    factory.configure(parsed());
    assertThat(shown()).isEqualTo(own.certificate());
    Files.writeString(file("password"), "another");
    assertRefused("kafka.client_key: the private key in %s cannot be decrypted", "key.pem");
  }

  @Test
  void whatIsWrongAtTheStartNamesTheSettingAndNoPassword() throws Exception {
    write(authority.issue("old", TestAuthority.ecKeys(), Instant.now().minusSeconds(5)));
    assertRefused("kafka.client_cert: the certificate in %s has expired", "cert.pem");
    KeyPair edwards = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    write(authority.issue("own", edwards, Instant.now().plusSeconds(600)));
    assertRefused("kafka.client_key: the key of %s is EdDSA, and Kafka's clients", "cert.pem");
    write(authority.issue("own"));
    Files.writeString(file("ca.pem"), "nothing");
    assertRefused("kafka.ca_certs: there is no PEM certificate in %s", "ca.pem");
    store("PKCS12", file("ca.pem"), null, authority.certificate());
    assertRefused(
        "kafka.ca_certs_password: is missing, and kafka.ca_certs %s is a store", "ca.pem");
    Files.writeString(file("other"), "canary other");
    configs.put("flinksec.ssl.truststore.password.location", file("other").toString());
    assertRefused("kafka.ca_certs_password: is not the password of the store %s", "ca.pem");
    Files.delete(file("other"));
    assertRefused("kafka.ca_certs_password: there is no file %s", "other");
  }

  /** As Kafka hands them over: its own parsed, with their defaults, and the others as they are. */
  private Map<String, Object> parsed() {
    Map<String, Object> all = new HashMap<>(configs);
    all.put("bootstrap.servers", "localhost:1");
    all.putAll(new AdminClientConfig(all).values());
    return all;
  }

  private void assertRefused(String message, String name) {
    assertThatThrownBy(() -> new ReloadingSslEngineFactory().configure(parsed()))
        .isInstanceOf(KafkaException.class)
        .hasMessageStartingWith(message.formatted(file(name)))
        .hasMessageNotContaining("canary")
        .cause()
        .isInstanceOf(TlsException.class)
        .hasNoCause();
  }

  private X509Certificate shown() throws Exception {
    return shown(factory);
  }

  private static X509Certificate shown(ReloadingSslEngineFactory made) throws Exception {
    KeyStore keys = made.keystore();
    return (X509Certificate) keys.getCertificate(keys.aliases().nextElement());
  }

  private Identity write(Identity identity) {
    TestAuthority.pem(
        file("cert.pem"),
        "CERTIFICATE",
        TestAuthority.der(identity.certificate()),
        "CERTIFICATE",
        TestAuthority.der(identity.issuer()));
    TestAuthority.pem(file("key.pem"), "PRIVATE KEY", identity.keys().getPrivate().getEncoded());
    configs.put("ssl.keystore.location", file("cert.pem").toString());
    configs.put("flinksec.ssl.key.location", file("key.pem").toString());
    return identity;
  }

  private static void store(String type, Path path, KeyPair keys, X509Certificate... chain)
      throws Exception {
    KeyStore store = KeyStore.getInstance(type);
    store.load(null, null);
    if (keys == null) {
      store.setCertificateEntry("ca", chain[0]);
    } else {
      store.setKeyEntry("own", keys.getPrivate(), PASSWORD.toCharArray(), chain);
    }
    try (OutputStream out = Files.newOutputStream(path)) {
      store.store(out, PASSWORD.toCharArray());
    }
  }

  private Path file(String name) {
    return directory.resolve(name);
  }
}
