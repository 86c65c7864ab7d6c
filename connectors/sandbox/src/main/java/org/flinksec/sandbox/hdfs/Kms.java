// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.hdfs;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.NoSuchAlgorithmException;
import java.util.EnumSet;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.crypto.key.KeyProvider;
import org.apache.hadoop.crypto.key.KeyProviderFactory;
import org.apache.hadoop.crypto.key.kms.server.KMSConfiguration;
import org.apache.hadoop.crypto.key.kms.server.KMSWebServer;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.client.CreateEncryptionZoneFlag;
import org.apache.hadoop.hdfs.client.HdfsAdmin;

/** Hadoop's KMS, configured by {@code kms-site.xml}, and the encryption zones that it serves. */
final class Kms {
  private static final long PATIENCE_MS = 60_000;

  private Kms() {}

  /** Starts it, and returns when it listens; it ends with the JVM. */
  static void start() throws InterruptedException, TimeoutException {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread server =
        new Thread(
            () -> {
              try {
                KMSWebServer.main(new String[0]); // waits for its end
              } catch (Exception | LinkageError error) {
                failure.set(error);
              }
            },
            "kms");
    server.setDaemon(true);
    server.start();
    Configuration configuration = KMSConfiguration.getKMSConf();
    InetSocketAddress address =
        new InetSocketAddress(
            configuration.get(KMSConfiguration.HTTP_HOST_KEY),
            configuration.getInt(KMSConfiguration.HTTP_PORT_KEY, 0));
    long end = System.currentTimeMillis() + PATIENCE_MS;
    while (!listens(address)) {
      if (failure.get() != null) {
        throw new IllegalStateException("the KMS does not start", failure.get());
      }
      if (System.currentTimeMillis() > end) {
        throw new TimeoutException("the KMS does not listen at " + address);
      }
      Thread.sleep(50);
    }
  }

  private static boolean listens(InetSocketAddress address) {
    try (Socket socket = new Socket()) {
      socket.connect(address, 1000);
      return true;
    } catch (IOException error) {
      return false;
    }
  }

  /** Makes the key, unless it is there, and a zone of it. */
  static void makeZone(Configuration configuration, FileSystem hdfs, Path directory, String key)
      throws IOException {
    KeyProvider keys = KeyProviderFactory.getProviders(configuration).get(0);
    try {
      if (keys.getMetadata(key) == null) {
        keys.createKey(key, KeyProvider.options(configuration));
      }
    } catch (NoSuchAlgorithmException error) {
      throw new IOException(error);
    } finally {
      keys.close();
    }
    HdfsAdmin admin = new HdfsAdmin(hdfs.getUri(), configuration);
    if (admin.getEncryptionZoneForPath(directory) == null) {
      admin.createEncryptionZone(directory, key, EnumSet.of(CreateEncryptionZoneFlag.NO_TRASH));
    }
  }
}
