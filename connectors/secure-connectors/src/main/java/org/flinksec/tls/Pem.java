// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
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

/** Reads certificates and private keys from PEM files; text around the blocks is passed over. */
final class Pem {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
  private static final String[] KEY_ALGORITHMS = {"RSA", "EC", "EdDSA"};

  private record Block(String label, byte[] content) {}

  private Pem() {}

  static List<X509Certificate> certificates(String setting, String path) throws TlsException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (Block block : blocks(setting, path)) {
      if (block.label.equals("CERTIFICATE")) {
        certificates.add(certificate(setting, path, block));
      }
    }
    if (certificates.isEmpty()) {
      throw new TlsException(setting + ": there is no PEM certificate in " + path);
    }
    return certificates;
  }

  static PrivateKey privateKey(String setting, String path) throws TlsException {
    for (Block block : blocks(setting, path)) {
      switch (block.label) {
        case "PRIVATE KEY":
          return pkcs8(setting, path, block.content);
        case "RSA PRIVATE KEY":
          return pkcs8(setting, path, Pkcs1.toPkcs8(block.content));
        case "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
          throw new TlsException(
              "%s: %s holds a block '%s', which is not supported; convert it with: openssl pkcs8 -topk8 -nocrypt"
                  .formatted(setting, path, block.label));
        default: // parameters, or the certificate in the same file
      }
    }
    throw new TlsException(setting + ": there is no PEM private key in " + path);
  }

  private static X509Certificate certificate(String setting, String path, Block block)
      throws TlsException {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(block.content));
    } catch (GeneralSecurityException e) {
      throw new TlsException(setting + ": cannot read a certificate in " + path, e);
    }
  }

  private static PrivateKey pkcs8(String setting, String path, byte[] content) throws TlsException {
    for (String algorithm : KEY_ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(content));
      } catch (InvalidKeySpecException e) {
        continue; // another kind of key
      } catch (GeneralSecurityException e) {
        throw new TlsException(setting + ": cannot read the private key in " + path, e);
      }
    }
    throw new TlsException(setting + ": the private key in " + path + " is not RSA, EC or EdDSA");
  }

  private static List<Block> blocks(String setting, String path) throws TlsException {
    List<Block> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(text(setting, path));
    while (matcher.find()) {
      try {
        blocks.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
      } catch (IllegalArgumentException e) {
        throw new TlsException(
            "%s: a block '%s' in %s is not Base64".formatted(setting, matcher.group(1), path));
      }
    }
    return blocks;
  }

  private static String text(String setting, String path) throws TlsException {
    try {
      Path file = Path.of(path);
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new TlsException(setting + ": " + path + " is no regular file"); // it may never end
      }
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (TlsException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw new TlsException(setting + ": there is no file " + path, e);
    } catch (IOException e) {
      throw new TlsException(setting + ": cannot read " + path + ": " + e.getMessage(), e);
    }
  }
}
