// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** When the certificates of one file end. It is read again when it has changed. */
final class CertificateLife {
  private static final Logger LOG = LoggerFactory.getLogger(CertificateLife.class);
  private static final String PEM = "-----BEGIN";

  private final Watched.Certificates watched;
  private final Clock clock;
  private FileTime changed;
  private volatile Instant ends;
  private volatile boolean readable = true;

  CertificateLife(Watched.Certificates watched, Clock clock) {
    this.watched = watched;
    this.clock = clock;
  }

  /** Looks at the file. */
  void look() {
    try {
      FileTime now = Files.getLastModifiedTime(watched.file());
      if (now.equals(changed) && readable) {
        return;
      }
      ends = ends(certificates());
      changed = now;
      readable = true;
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      if (readable) {
        LOG.warn(
            "{} cannot be read: {} ({})",
            watched.setting(),
            watched.file(),
            e.getClass().getName());
      }
      readable = false;
    }
  }

  /** Whether the file could be read when it was last looked at. */
  boolean isReadable() {
    return readable;
  }

  /** As it was read last; negative when it has ended, and 0 as long as it was never readable. */
  long secondsLeft() {
    Instant end = ends;
    return end == null ? 0 : end.getEpochSecond() - clock.instant().getEpochSecond();
  }

  /** Of one's own chain the first to end counts; of trusted ones the last, as one will do. */
  private Instant ends(Collection<X509Certificate> found) {
    Comparator<Instant> order =
        watched.trusted() ? Comparator.reverseOrder() : Comparator.naturalOrder();
    return found.stream()
        .map(certificate -> certificate.getNotAfter().toInstant())
        .min(order)
        .orElseThrow(() -> new IllegalArgumentException("no certificate"));
  }

  private Collection<X509Certificate> certificates() throws IOException, GeneralSecurityException {
    byte[] content = Files.readAllBytes(watched.file());
    return new String(content, StandardCharsets.ISO_8859_1).contains(PEM)
        ? PemFiles.certificates(content)
        : ofStore(content);
  }

  private List<X509Certificate> ofStore(byte[] content)
      throws IOException, GeneralSecurityException {
    char[] password = null;
    if (watched.password() != null) {
      password = Files.readString(watched.password()).strip().toCharArray();
    }
    // It reads both kinds.
    KeyStore store = KeyStore.getInstance("JKS");
    store.load(new ByteArrayInputStream(content), password);
    if (password != null) {
      Arrays.fill(password, '\0');
    }
    List<X509Certificate> found = new ArrayList<>();
    for (String alias : Collections.list(store.aliases())) {
      Certificate[] chain = store.getCertificateChain(alias);
      Certificate one = store.getCertificate(alias);
      for (Certificate certificate : chain != null ? chain : new Certificate[] {one}) {
        if (certificate instanceof X509Certificate x509) {
          found.add(x509);
        }
      }
    }
    return found;
  }
}
