// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

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

/**
 * Tells failures that a TLS setting causes from outages, and names the setting.
 *
 * @param section of the settings, {@code elasticsearch}
 * @param addresses the setting that names the servers, {@code hosts}
 * @param tls what the connection was made with
 */
public record TlsFailures(String section, String addresses, TlsSettings tls) {
  /**
   * What is wrong with the settings.
   *
   * @param host the server, or servers, spoken to
   * @return empty if the failure may pass by itself, such as a refused connection
   */
  public Optional<String> misconfiguration(String host, Throwable failure) {
    if (!has(failure, SSLException.class) && !has(failure, CertificateException.class)) {
      return Optional.empty();
    }
    String messages = String.join("; ", messages(failure));
    if (has(failure, WrongNameException.class)
        || messages.contains("No subject alternative")
        || messages.contains("No name matching")) {
      return Optional.of(wrongName(host));
    }
    if (has(failure, PinException.class)) {
      return Optional.of("%s.fingerprint: at %s, %s".formatted(section, host, last(failure)));
    }
    if (has(failure, CertificateExpiredException.class)
        || has(failure, CertificateNotYetValidException.class)) {
      return Optional.of(
          "%s.%s: the certificate of %s is expired or not yet valid"
              .formatted(section, addresses, host));
    }
    if (has(failure, CertPathBuilderException.class)
        || has(failure, CertPathValidatorException.class)
        || messages.contains("every certificate that is trusted")) {
      return Optional.of(untrusted(host));
    }
    if (has(failure, CertificateException.class)) {
      return Optional.of(
          "%s.%s: the certificate of %s is of no use: %s"
              .formatted(section, addresses, host, last(failure)));
    }
    return other(host, messages);
  }

  private String wrongName(String host) {
    return tls.verification() == Verification.FINGERPRINT
        ? ("%s.fingerprint: the certificate of %s is not issued for this host name, which counts"
                + " with the fingerprint of a CA; use a name that it is issued for, or the"
                + " fingerprint of the server's own certificate")
            .formatted(section, host)
        : ("%s.verification = \"full\": the certificate of %s is not issued for this host"
                + " name; use a name that it is issued for, or verification = \"certificate\" to"
                + " accept any name")
            .formatted(section, host);
  }

  private Optional<String> other(String host, String messages) {
    if (messages.contains("protocol_version") || messages.contains("is not accepted by client")) {
      return Optional.of(
          "%s.min_tls_version: %s speaks no version of TLS from %s on"
              .formatted(section, host, tls.minVersion()));
    }
    if (messages.contains("Unsupported or unrecognized SSL message")
        || messages.contains("plaintext connection")) {
      return Optional.of("%s.%s: %s does not speak TLS".formatted(section, addresses, host));
    }
    if (messages.contains("fatal alert")) {
      String certificate =
          tls.clientCert() == null
              ? "is not set; the server may demand one"
              : "is " + tls.clientCert() + "; the server may not accept it";
      return Optional.of(
          "%s.client_cert %s: %s ends the TLS handshake (%s)"
              .formatted(section, certificate, host, messages));
    }
    return Optional.empty();
  }

  private String untrusted(String host) {
    return "%s.ca_certs: the certificate of %s leads to none of the authorities in %s"
        .formatted(
            section,
            host,
            tls.caCerts() == null ? "the Java runtime (ca_certs is not set)" : tls.caCerts());
  }

  /** The innermost message, where the reason usually is. */
  public static String last(Throwable failure) {
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
