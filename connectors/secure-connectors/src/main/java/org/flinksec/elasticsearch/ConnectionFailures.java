// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.apache.flink.util.ExceptionUtils;
import org.flinksec.tls.Verification;

/** Tells failures that a setting causes from outages, and names the setting. */
final class ConnectionFailures {
  private ConnectionFailures() {}

  /**
   * What is wrong with the settings.
   *
   * @param host the server, or servers, spoken to
   * @return empty if the failure may pass by itself, such as a refused connection
   */
  static Optional<String> misconfiguration(
      ConnectionSettings settings, String host, Throwable failure) {
    if (!has(failure, SSLException.class) && !has(failure, CertificateException.class)) {
      return Optional.empty();
    }
    String messages = String.join("; ", messages(failure));
    if (messages.contains("No subject alternative") || messages.contains("No name matching")) {
      return Optional.of(
          ("elasticsearch.verification = \"full\": the certificate of %s is not issued for this host"
                  + " name; use a name that it is issued for, or verification = \"certificate\" to"
                  + " accept any name")
              .formatted(host));
    }
    if (has(failure, CertificateExpiredException.class)
        || has(failure, CertificateNotYetValidException.class)) {
      return Optional.of(
          "elasticsearch.hosts: the certificate of %s is expired or not yet valid".formatted(host));
    }
    if (settings.tls().verification() == Verification.FINGERPRINT
        && messages.contains("SHA-256 fingerprint")) {
      return Optional.of("elasticsearch.fingerprint: at %s, %s".formatted(host, last(failure)));
    }
    if (has(failure, CertPathBuilderException.class)
        || has(failure, CertPathValidatorException.class)) {
      return Optional.of(untrusted(settings, host));
    }
    return other(settings, host, messages);
  }

  private static Optional<String> other(ConnectionSettings settings, String host, String messages) {
    if (messages.contains("Unsupported or unrecognized SSL message")
        || messages.contains("plaintext connection")) {
      return Optional.of("elasticsearch.hosts: %s does not speak TLS".formatted(host));
    }
    if (messages.contains("fatal alert")) {
      String certificate =
          settings.tls().clientCert() == null
              ? "is not set; the server may demand one"
              : "is " + settings.tls().clientCert() + "; the server may not accept it";
      return Optional.of(
          "elasticsearch.client_cert %s: %s ends the TLS handshake (%s)"
              .formatted(certificate, host, messages));
    }
    return Optional.empty();
  }

  private static String untrusted(ConnectionSettings settings, String host) {
    String caCerts = settings.tls().caCerts();
    return "elasticsearch.ca_certs: the certificate of %s leads to none of the authorities in %s"
        .formatted(host, caCerts == null ? "the Java runtime (ca_certs is not set)" : caCerts);
  }

  /** The message of a refused request: which credentials, which right. */
  static String refused(ConnectionSettings settings, String host, int status, String index) {
    return status == 401
        ? "%s refuses the credentials (status 401): %s"
            .formatted(host, Credentials.describe(settings))
        : "%s does not allow this on index '%s' (status 403): %s; the sink needs to index, and to view the index's metadata"
            .formatted(host, index, Credentials.describe(settings));
  }

  /** The innermost message, where the reason usually is. */
  static String last(Throwable failure) {
    List<String> messages = messages(failure);
    return messages.get(messages.size() - 1);
  }

  private static boolean has(Throwable failure, Class<? extends Throwable> type) {
    return ExceptionUtils.findThrowable(failure, type).isPresent();
  }

  private static List<String> messages(Throwable failure) {
    List<String> messages = new ArrayList<>();
    for (Throwable t = failure; t != null && messages.size() < 10; t = t.getCause()) {
      messages.add(t.getMessage() == null ? t.getClass().getSimpleName() : t.getMessage());
    }
    return messages;
  }
}
