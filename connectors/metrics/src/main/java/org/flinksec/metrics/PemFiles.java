// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and keys of PEM files. */
final class PemFiles {
  private static final Pattern CERTIFICATE =
      Pattern.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", Pattern.DOTALL);
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----(.+?)-----END PRIVATE KEY-----", Pattern.DOTALL);

  private PemFiles() {}

  /** The certificates of a file, in its order, whatever else is in it. */
  static List<X509Certificate> certificates(byte[] content) throws GeneralSecurityException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    Matcher matcher = CERTIFICATE.matcher(new String(content, StandardCharsets.ISO_8859_1));
    List<X509Certificate> found = new ArrayList<>();
    while (matcher.find()) {
      byte[] one = matcher.group().getBytes(StandardCharsets.ISO_8859_1);
      found.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(one)));
    }
    return found;
  }

  /**
   * The certificates of a file.
   *
   * @throws InvalidKeyException if there is none
   */
  static List<X509Certificate> certificates(Path file)
      throws IOException, GeneralSecurityException {
    List<X509Certificate> found = certificates(Files.readAllBytes(file));
    if (found.isEmpty()) {
      throw new InvalidKeyException(file + " holds no PEM certificate");
    }
    return found;
  }

  /**
   * The private key of a file, in PKCS#8.
   *
   * @throws InvalidKeyException if there is none, or it is of another form; the message has nothing
   *     of it
   */
  static PrivateKey key(Path file) throws IOException, GeneralSecurityException {
    Matcher matcher = KEY.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    if (!matcher.find()) {
      throw new InvalidKeyException(
          file + " holds no unencrypted PKCS#8 key (BEGIN PRIVATE KEY): openssl pkey makes one");
    }
    PKCS8EncodedKeySpec spec =
        new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(matcher.group(1)));
    for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (InvalidKeySpecException e) {
        continue;
      }
    }
    throw new InvalidKeyException(file + " holds no RSA or EC key");
  }
}
