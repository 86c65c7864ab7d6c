// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.config.SslConfigs;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.config.types.Password;
import org.flinksec.tls.KeyStoreFile;
import org.flinksec.tls.TlsException;
import org.flinksec.tls.TlsFiles;

/**
 * The files of a client's TLS, as Kafka's properties name them, and as it is told what they hold.
 */
final class KafkaTlsFiles {
  private static final String PREFIX = "flinksec.ssl.";

  /** Whose keys Kafka's reader of PEM knows; it says of no other what is wrong with it. */
  private static final Set<String> KAFKAS = Set.of("RSA", "EC");

  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  private KafkaTlsFiles() {}

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

  /**
   * What Kafka's own factory of TLS engines is to be told in the place of files, all of it in PEM.
   *
   * @throws TlsException if something cannot be read, does not fit, or has expired
   */
  static Map<String, Object> read(TlsFiles files) throws TlsException {
    Map<String, Object> told = new HashMap<>();
    if (files.trusted() != null) {
      told.put(SslConfigs.SSL_TRUSTSTORE_TYPE_CONFIG, "PEM");
      told.put(
          SslConfigs.SSL_TRUSTSTORE_CERTIFICATES_CONFIG, new Password(pem(files.authorities())));
    }
    if (files.certificate() != null) {
      KeyStoreFile.Entry own = files.own();
      if (!KAFKAS.contains(own.key().getAlgorithm())) {
        throw new TlsException(
            "%s.client_key: the key of %s is %s, and Kafka's clients take RSA and EC alone"
                .formatted(files.section(), files.certificate(), own.key().getAlgorithm()));
      }
      told.put(SslConfigs.SSL_KEYSTORE_TYPE_CONFIG, "PEM");
      told.put(SslConfigs.SSL_KEYSTORE_CERTIFICATE_CHAIN_CONFIG, new Password(pem(own.chain())));
      told.put(SslConfigs.SSL_KEYSTORE_KEY_CONFIG, new Password(pem(own.key())));
    }
    return told;
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
