// SPDX-License-Identifier: Apache-2.0
package org.flinksec.hadoop;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLException;
import org.apache.hadoop.crypto.key.KeyProvider;
import org.apache.hadoop.crypto.key.KeyProviderCryptoExtension;
import org.apache.hadoop.crypto.key.KeyProviderCryptoExtension.EncryptedKeyVersion;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.protocol.EncryptionZone;
import org.apache.hadoop.security.authorize.AuthorizationException;

/**
 * Whether a job may use the key of an encryption zone, which Hadoop's client finds out with the
 * first file.
 */
public final class ZoneKeys {
  /** The length of what a KMS decrypts: a key of AES, encrypted in counter mode. */
  private static final int BYTES = 16;

  /** As {@code KeyProvider.buildVersionName} calls it. */
  private static final String FIRST_VERSION = "@0";

  private ZoneKeys() {}

  /** The KMS refuses the key, or is not there; the message is for people. */
  public static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    RefusedException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Asks the KMS to decrypt what is no key of any file, by the first version of the zone's key: it
   * does so for whoever may open files of the zone, and says no to all others.
   *
   * @param files the file system of Hadoop
   * @param path is there, or will be made
   * @return the name of the key; empty where files are not encrypted, or that cannot be asked
   * @throws RefusedException if the KMS says no, or says nothing
   * @throws IOException if no KMS is named
   */
  public static String check(FileSystem files, Path path) throws IOException {
    Path there = path;
    while (!files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    Path resolved = files.resolvePath(there);
    FileSystem target = FileSystem.get(resolved.toUri(), files.getConf());
    if (!(target instanceof DistributedFileSystem hdfs)) {
      return "";
    }
    EncryptionZone zone;
    try {
      zone = hdfs.getEZForPath(resolved);
    } catch (IOException | RuntimeException e) {
      return ""; // one who may not read the directory may still write to it
    }
    if (zone == null) {
      return "";
    }
    KeyProvider keys = hdfs.getClient().getKeyProvider();
    if (keys == null) {
      // As Hadoop's client says it when it opens a file.
      throw new IOException("No KeyProvider is configured, cannot access an encrypted file");
    }
    ask(keys, zone);
    return zone.getKeyName();
  }

  private static void ask(KeyProvider keys, EncryptionZone zone) throws IOException {
    String key = zone.getKeyName();
    EncryptedKeyVersion none =
        EncryptedKeyVersion.createForDecryption(
            key, key + FIRST_VERSION, new byte[BYTES], new byte[BYTES]);
    String about = "the key '%s' of the encryption zone %s".formatted(key, zone.getPath());
    try {
      KeyProviderCryptoExtension.createKeyProviderCryptoExtension(keys).decryptEncryptedKey(none);
    } catch (AuthorizationException e) {
      throw new RefusedException("%s: %s".formatted(about, e.getMessage()), e);
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      Throwable root = root(e);
      if (root instanceof SocketException
          || root instanceof SocketTimeoutException
          || root instanceof UnknownHostException) {
        throw new RefusedException(
            "the KMS does not answer when it is asked for %s: %s".formatted(about, told(root)), e);
      }
      if (isOfTls(e)) {
        throw new RefusedException(
            "the KMS is not trusted when it is asked for %s: %s".formatted(about, told(root)), e);
      }
      // It answers, and has another way to number the versions of keys.
    }
  }

  private static Throwable root(Throwable error) {
    Throwable root = error;
    for (int i = 0; i < 20 && root.getCause() != null; i++) {
      root = root.getCause();
    }
    return root;
  }

  private static boolean isOfTls(Throwable error) {
    for (Throwable each = error; each != null; each = each.getCause()) {
      if (each instanceof SSLException) {
        return true;
      }
    }
    return false;
  }

  private static String told(Throwable error) {
    return "%s: %s".formatted(error.getClass().getSimpleName(), error.getMessage());
  }
}
