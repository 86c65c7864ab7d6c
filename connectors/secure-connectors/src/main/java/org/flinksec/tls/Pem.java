// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
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
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** Reads certificates and private keys from PEM files; text around the blocks is passed over. */
public final class Pem {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
  private static final String PBES2 = "1.2.840.113549.1.5.13";
  private static final String[] KEY_ALGORITHMS = {"RSA", "EC", "EdDSA"};

  private record Block(String label, byte[] content) {}

  private Pem() {}

  /**
   * The certificates of a file, at least one.
   *
   * @param setting names the file, for messages
   */
  public static List<X509Certificate> certificates(String setting, String path)
      throws TlsException {
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
    return privateKey(setting, path, null);
  }

  /**
   * The first private key of a file.
   *
   * @param setting names the file, for messages
   * @param password of an encrypted key of PKCS#8; null if there is none
   */
  public static PrivateKey privateKey(String setting, String path, char[] password)
      throws TlsException {
    for (Block block : blocks(setting, path)) {
      if (password != null && block.label.equals("ENCRYPTED PRIVATE KEY")) {
        return pkcs8(setting, path, decrypted(setting, path, block.content, password));
      }
      switch (block.label) {
        case "PRIVATE KEY":
          return pkcs8(setting, path, block.content);
        case "RSA PRIVATE KEY":
          return pkcs8(setting, path, Pkcs1.toPkcs8(block.content));
        case "EC PRIVATE KEY":
          byte[] named = Sec1.toPkcs8(block.content);
          if (named != null) {
            return pkcs8(setting, path, named);
          }
          throw new TlsException(
              "%s: the EC key in %s does not name its curve".formatted(setting, path));
        case "ENCRYPTED PRIVATE KEY":
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

  private static byte[] decrypted(String setting, String path, byte[] content, char[] password)
      throws TlsException {
    try {
      EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(content);
      // Of PBES2 (RFC 8018) only the parameters tell the algorithm by the name that Java knows.
      String algorithm =
          info.getAlgName().equals("PBES2") || info.getAlgName().equals(PBES2)
              ? info.getAlgParameters().toString()
              : info.getAlgName();
      Key secret = SecretKeyFactory.getInstance(algorithm).generateSecret(new PBEKeySpec(password));
      Cipher cipher = Cipher.getInstance(algorithm);
      cipher.init(Cipher.DECRYPT_MODE, secret, info.getAlgParameters());
      return info.getKeySpec(cipher).getEncoded();
    } catch (IOException | GeneralSecurityException e) {
      // Without the cause, which may hold bytes of the key.
      throw new TlsException(
          "%s: the private key in %s cannot be decrypted with its password"
              .formatted(setting, path));
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
