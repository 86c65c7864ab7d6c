// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;

/** A certificate authority for tests; everything it issues is an EC certificate. */
public final class TestAuthority {
  private static final Duration DAY = Duration.ofDays(1);
  private static long serial = 1;

  private final String name;
  private final KeyPair keys = ecKeys();
  private final X509Certificate certificate;

  /** A key with its certificate and the authority's. */
  public record Identity(KeyPair keys, X509Certificate certificate, X509Certificate issuer) {}

  public TestAuthority(String name) {
    this.name = name;
    Instant now = Instant.now();
    this.certificate = sign(keys, name, new GeneralName[0], now.minus(DAY), now.plus(DAY), true);
  }

  public X509Certificate certificate() {
    return certificate;
  }

  /** A certificate for a DNS name, valid now. */
  public Identity issue(String dnsName) {
    return issue(dnsName, ecKeys(), Instant.now().plus(DAY));
  }

  public Identity issue(String dnsName, KeyPair subjectKeys, Instant notAfter) {
    Instant notBefore = notAfter.minus(DAY.multipliedBy(2));
    return new Identity(
        subjectKeys, sign(subjectKeys, dnsName, dnsName, notBefore, notAfter, false), certificate);
  }

  /** A certificate with a common name and other names, or with none if there are none. */
  public Identity issue(String cn, GeneralName... names) {
    KeyPair subject = ecKeys();
    Instant until = Instant.now().plus(DAY);
    return new Identity(
        subject,
        sign(subject, cn, names, until.minus(DAY.multipliedBy(2)), until, false),
        certificate);
  }

  private X509Certificate sign(
      KeyPair subject, String cn, String dnsName, Instant from, Instant until, boolean authority) {
    GeneralName[] names =
        dnsName == null ? new GeneralName[0] : new GeneralName[] {dnsName(dnsName)};
    return sign(subject, cn, names, from, until, authority);
  }

  static GeneralName dnsName(String name) {
    return new GeneralName(GeneralName.dNSName, name);
  }

  private X509Certificate sign(
      KeyPair subject,
      String cn,
      GeneralName[] names,
      Instant from,
      Instant until,
      boolean authority) {
    try {
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              new X500Principal("CN=" + name),
              BigInteger.valueOf(serial++),
              Date.from(from),
              Date.from(until),
              new X500Principal("CN=" + cn),
              subject.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
      if (names.length > 0) {
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
      }
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new AssertionError(e);
    }
  }

  public static KeyPair ecKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** The context of a server; with {@code clients}, one that can demand certificates of them. */
  public static SSLContext serverContext(Identity identity, TestAuthority clients) {
    return serverContext(identity.keys, clients, identity.certificate, identity.issuer);
  }

  public static SSLContext serverContext(
      KeyPair keys, TestAuthority clients, X509Certificate... chain) {
    try {
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, null);
      own.setKeyEntry("server", keys.getPrivate(), new char[0], chain);
      KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("PKIX");
      keyManagers.init(own, new char[0]);
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry(
          "clients", clients == null ? chain[chain.length - 1] : clients.certificate);
      TrustManagerFactory trustManagers = TrustManagerFactory.getInstance("PKIX");
      trustManagers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Writes blocks of PEM and returns the path. */
  public static String pem(Path file, Object... labelsAndContents) {
    StringWriter text = new StringWriter();
    try (PemWriter writer = new PemWriter(text)) {
      for (int i = 0; i < labelsAndContents.length; i += 2) {
        writer.writeObject(
            new PemObject((String) labelsAndContents[i], (byte[]) labelsAndContents[i + 1]));
      }
      writer.flush();
      return Files.writeString(file, text.toString()).toString();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  public static byte[] der(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** Writes the authority's certificate and returns the path. */
  public String caFile(Path file) {
    return pem(file, "CERTIFICATE", der(certificate));
  }
}
