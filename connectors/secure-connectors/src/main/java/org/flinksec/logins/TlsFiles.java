// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.config.SslConfigs;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.config.types.Password;
import org.flinksec.tls.KeyPairs;
import org.flinksec.tls.KeyStoreFile;
import org.flinksec.tls.Pem;
import org.flinksec.tls.TlsException;

/**
 * The files of a client's TLS: PEM, PKCS#12 or JKS, told apart by their content.
 *
 * @param section of the settings, for messages
 * @param trusted {@code ca_certs}, or null for the CAs of the Java runtime
 * @param trustedPassword the file of its password, or null
 * @param certificate {@code client_cert}, or null
 * @param key {@code client_key}, or null where the key is in {@code certificate}
 * @param keyPassword the file of its password, or null
 */
record TlsFiles(
    String section,
    String trusted,
    String trustedPassword,
    String certificate,
    String key,
    String keyPassword) {
  private static final String PREFIX = "flinksec.ssl.";
  private static final int MOST_BYTES = 1 << 24;

  /** Whose keys Kafka's reader of PEM knows; it says of no other what is wrong with it. */
  private static final Set<String> KAFKAS = Set.of("RSA", "EC");

  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  static TlsFiles of(Map<String, ?> configs) {
    return new TlsFiles(
        text(configs, PREFIX + "section"),
        text(configs, SslConfigs.SSL_TRUSTSTORE_LOCATION_CONFIG),
        text(configs, PREFIX + "truststore.password.location"),
        text(configs, SslConfigs.SSL_KEYSTORE_LOCATION_CONFIG),
        text(configs, PREFIX + "key.location"),
        text(configs, PREFIX + "key.password.location"));
  }

  private static String text(Map<String, ?> configs, String name) {
    Object value = configs.get(name);
    return value == null ? null : value.toString();
  }

  /** Changes when the content of any of the files does. */
  byte[] digest() throws TlsException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      String[][] all = {
        {"ca_certs", trusted},
        {"ca_certs_password", trustedPassword},
        {"client_cert", certificate},
        {"client_key", key},
        {"client_key_password", keyPassword},
      };
      for (String[] one : all) {
        if (one[1] != null) {
          digest.update(content(one[0], one[1]));
          digest.update((byte) 0);
        }
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * What Kafka's own factory of TLS engines is to be told in the place of files, all of it in PEM.
   *
   * @throws TlsException if something cannot be read, does not fit, or has expired
   */
  Map<String, Object> read() throws TlsException {
    Map<String, Object> told = new HashMap<>();
    if (trusted != null) {
      told.put(SslConfigs.SSL_TRUSTSTORE_TYPE_CONFIG, "PEM");
      told.put(SslConfigs.SSL_TRUSTSTORE_CERTIFICATES_CONFIG, new Password(pem(authorities())));
    }
    if (certificate != null) {
      KeyStoreFile.Entry own = own();
      told.put(SslConfigs.SSL_KEYSTORE_TYPE_CONFIG, "PEM");
      told.put(SslConfigs.SSL_KEYSTORE_CERTIFICATE_CHAIN_CONFIG, new Password(pem(own.chain())));
      told.put(SslConfigs.SSL_KEYSTORE_KEY_CONFIG, new Password(pem(own.key())));
    }
    return told;
  }

  private List<X509Certificate> authorities() throws TlsException {
    String setting = setting("ca_certs");
    byte[] content = content("ca_certs", trusted);
    if (KeyStoreFile.type(content) == null) {
      return Pem.certificates(setting, trusted);
    }
    return new KeyStoreFile(
            setting,
            setting("ca_certs_password"),
            trusted,
            content,
            password("ca_certs_password", trustedPassword))
        .trusted();
  }

  private KeyStoreFile.Entry own() throws TlsException {
    String setting = setting("client_cert");
    byte[] content = content("client_cert", certificate);
    char[] password = password("client_key_password", keyPassword);
    KeyStoreFile.Entry found =
        KeyStoreFile.type(content) == null
            ? new KeyStoreFile.Entry(
                Pem.privateKey(setting("client_key"), key == null ? certificate : key, password),
                Pem.certificates(setting, certificate))
            : new KeyStoreFile(
                    setting, setting("client_key_password"), certificate, content, password)
                .entry();
    X509Certificate leaf = found.chain().get(0);
    if (!KeyPairs.belongTogether(found.key(), leaf.getPublicKey())) {
      throw new TlsException(
          "%s: the key is not the one of %s %s"
              .formatted(setting("client_key"), setting, certificate));
    }
    if (!KAFKAS.contains(found.key().getAlgorithm())) {
      throw new TlsException(
          "%s: the key of %s is %s, and Kafka's clients take RSA and EC alone"
              .formatted(setting("client_key"), certificate, found.key().getAlgorithm()));
    }
    if (leaf.getNotAfter().before(Date.from(Instant.now()))) {
      throw new TlsException(
          "%s: the certificate in %s has expired, at %s"
              .formatted(setting, certificate, leaf.getNotAfter().toInstant()));
    }
    return found;
  }

  private String setting(String name) {
    return section + "." + name;
  }

  private char[] password(String name, String path) throws TlsException {
    if (path == null) {
      return null;
    }
    try {
      return SecretText.read(setting(name), path).toCharArray();
    } catch (UnusableLoginException e) {
      throw new TlsException(e.getMessage());
    }
  }

  private byte[] content(String name, String path) throws TlsException {
    try {
      Path file = Path.of(path);
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new TlsException(setting(name) + ": " + path + " is no regular file");
      }
      if (Files.size(file) > MOST_BYTES) {
        throw new TlsException(setting(name) + ": " + path + " is too large");
      }
      return Files.readAllBytes(file);
    } catch (TlsException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw new TlsException(setting(name) + ": there is no file " + path);
    } catch (IOException e) {
      throw new TlsException(setting(name) + ": cannot read " + path);
    }
  }

  private static String pem(List<X509Certificate> certificates) throws TlsException {
    StringBuilder text = new StringBuilder();
    for (X509Certificate one : certificates) {
      try {
        text.append(pem("CERTIFICATE", one.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new TlsException("a certificate cannot be encoded");
      }
    }
    return text.toString();
  }

  private static String pem(PrivateKey key) {
    return pem("PRIVATE KEY", key.getEncoded());
  }

  private static String pem(String label, byte[] content) {
    return "-----BEGIN %s-----%n%s%n-----END %s-----%n"
        .formatted(label, LINES.encodeToString(content), label);
  }
}
