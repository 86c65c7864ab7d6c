// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.flinksec.secrets.SecretText;
import org.flinksec.secrets.UnusableSecretException;

/**
 * The files of a client's TLS: PEM, PKCS#12 or JKS, told apart by their content.
 *
 * @param section of the settings, for messages; null if the caller puts it there
 * @param trusted {@code ca_certs}, or null for the CAs of the Java runtime
 * @param trustedPassword the file of its password, or null
 * @param certificate {@code client_cert}, or null
 * @param key {@code client_key}, or null where the key is in {@code certificate}
 * @param keyPassword the file of its password, or null
 */
public record TlsFiles(
    String section,
    String trusted,
    String trustedPassword,
    String certificate,
    String key,
    String keyPassword) {
  private static final int MOST_BYTES = 1 << 24;

  /**
   * Changes when the content of any of the files does.
   *
   * @throws TlsException if one cannot be read
   */
  public byte[] digest() throws TlsException {
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
   * The certificates of {@code ca_certs}, which is set.
   *
   * @throws TlsException if they cannot be read
   */
  public List<X509Certificate> authorities() throws TlsException {
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

  /**
   * The certificate of {@code client_cert}, which is set, and its key.
   *
   * @throws TlsException if they cannot be read, do not fit, or have expired
   */
  public KeyStoreFile.Entry own() throws TlsException {
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
    if (leaf.getNotAfter().before(Date.from(Instant.now()))) {
      throw new TlsException(
          "%s: the certificate in %s has expired, at %s"
              .formatted(setting, certificate, leaf.getNotAfter().toInstant()));
    }
    return found;
  }

  private String setting(String name) {
    return section == null ? name : section + "." + name;
  }

  private char[] password(String name, String path) throws TlsException {
    if (path == null) {
      return null;
    }
    try {
      return SecretText.read(setting(name), path).toCharArray();
    } catch (UnusableSecretException e) {
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
}
