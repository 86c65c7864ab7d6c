// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A key store in a file, of whichever of Java's types its first bytes say. */
public final class KeyStoreFile {
  private static final int DER_SEQUENCE = 0x30;
  private static final int[] JKS = {0xFE, 0xED, 0xFE, 0xED};
  private static final int[] JCEKS = {0xCE, 0xCE, 0xCE, 0xCE};

  /** A private key with its certificate, and what signed it. */
  public record Entry(PrivateKey key, List<X509Certificate> chain) {}

  private final String setting;
  private final String path;
  private final char[] password;
  private final KeyStore store;

  /**
   * Opens it.
   *
   * @param setting names the file, for messages; with {@code _password} behind it, its password
   * @param content of the file
   * @param password null for none
   */
  public KeyStoreFile(
      String setting, String passwordSetting, String path, byte[] content, char[] password)
      throws TlsException {
    this.setting = setting;
    this.path = path;
    this.password = password;
    if (password == null) {
      throw new TlsException(
          "%s: is missing, and %s %s is a store that needs it"
              .formatted(passwordSetting, setting, path));
    }
    try {
      store = KeyStore.getInstance(type(content));
      store.load(new ByteArrayInputStream(content), password);
    } catch (IOException e) {
      // Without the cause: it may hold a part of the content.
      throw new TlsException(
          e.getCause() instanceof GeneralSecurityException
              ? "%s: is not the password of the store %s".formatted(passwordSetting, path)
              : "%s: the store %s is damaged, or is not opened by %s"
                  .formatted(setting, path, passwordSetting));
    } catch (GeneralSecurityException e) {
      throw new TlsException(
          "%s: the store %s has an algorithm that Java does not know".formatted(setting, path));
    }
  }

  /** The type of a store by its content; null for PEM and anything else. */
  public static String type(byte[] content) {
    if (startsWith(content, JKS)) {
      return "JKS";
    }
    if (startsWith(content, JCEKS)) {
      return "JCEKS";
    }
    return content.length > 0 && content[0] == DER_SEQUENCE ? "PKCS12" : null;
  }

  /** The one private key in it. */
  public Entry entry() throws TlsException {
    try {
      List<Entry> found = new ArrayList<>();
      for (String alias : Collections.list(store.aliases())) {
        Key key = store.isKeyEntry(alias) ? store.getKey(alias, password) : null;
        if (key instanceof PrivateKey mine) {
          List<X509Certificate> chain = new ArrayList<>();
          for (Certificate one : store.getCertificateChain(alias)) {
            chain.add((X509Certificate) one);
          }
          found.add(new Entry(mine, chain));
        }
      }
      if (found.size() != 1) {
        throw new TlsException(
            "%s: the store %s holds %d private keys, and must hold one"
                .formatted(setting, path, found.size()));
      }
      return found.get(0);
    } catch (GeneralSecurityException e) {
      throw new TlsException(
          "%s: the key in the store %s has another password than the store"
              .formatted(setting, path));
    }
  }

  /** The certificates in it that Java takes for trusted. */
  public List<X509Certificate> trusted() throws TlsException {
    List<X509Certificate> found = new ArrayList<>();
    try {
      for (String alias : Collections.list(store.aliases())) {
        if (store.isCertificateEntry(alias)) {
          found.add((X509Certificate) store.getCertificate(alias));
        }
      }
    } catch (GeneralSecurityException e) {
      throw new TlsException("%s: the store %s cannot be read".formatted(setting, path));
    }
    if (found.isEmpty()) {
      throw new TlsException(
          "%s: the store %s holds no certificate that Java takes for trusted; make it with keytool"
              .formatted(setting, path));
    }
    return found;
  }

  private static boolean startsWith(byte[] content, int[] magic) {
    for (int i = 0; i < magic.length; i++) {
      if (content.length <= i || (content[i] & 0xFF) != magic[i]) {
        return false;
      }
    }
    return true;
  }
}
