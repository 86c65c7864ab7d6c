// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.net.URI;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystemFactory;
import org.flinksec.sealed.format.CipherWarmUp;
import org.flinksec.sealed.keys.KeyException;
import org.flinksec.sealed.keys.KeyProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes {@code sealed+<scheme>} file systems out of what Flink has for {@code <scheme>}.
 *
 * <p>{@link #configure} does every check that can be done before a file is touched, since an
 * exception there stops the process, whereas a factory that fails later is only logged.
 */
public abstract class SealedFileSystemFactory implements FileSystemFactory {
  private static final Logger LOG = LoggerFactory.getLogger(SealedFileSystemFactory.class);
  private static final String PREFIX = "sealed+";

  private final String innerScheme;
  private final KeyProviders providers = new KeyProviders();
  private volatile Sealing sealing;

  SealedFileSystemFactory(String innerScheme) {
    this.innerScheme = innerScheme;
  }

  /** The same for local and mounted directories: {@code sealed+file}. */
  public static final class Local extends SealedFileSystemFactory {
    public Local() {
      super("file");
    }
  }

  /** The same for HDFS: {@code sealed+hdfs}. */
  public static final class Hdfs extends SealedFileSystemFactory {
    public Hdfs() {
      super("hdfs");
    }
  }

  @Override
  public String getScheme() {
    return PREFIX + innerScheme;
  }

  /**
   * Opens the keys and tests the cipher, if keys are configured.
   *
   * @throws IllegalConfigurationException if the keys or this Java cannot be used
   */
  @Override
  public void configure(Configuration config) {
    try {
      KeyProvider keys = providers.open(config).orElse(null);
      if (keys == null) {
        return;
      }
      refuseFileMerging(config);
      String cipher = NativeCipher.choose(providers.withSystemProperties(config));
      SelfTest.run();
      sealing =
          new Sealing(
              keys,
              providers.job(config),
              config.get(SealedOptions.ROOT),
              config.get(SealedOptions.NAME_POLICY));
      SealedState.show(sealing.dataKey().wrapped().keyId());
      LOG.info(
          "{}: format 1, Cobblestone-256 by {}; {}, primary key '{}'",
          getScheme(),
          cipher,
          keys.describe(),
          keys.primaryId());
    } catch (KeyException | NativeCipher.UnusableException | SelfTest.FailedException e) {
      throw new IllegalConfigurationException(e.getMessage(), e);
    }
    CipherWarmUp.start();
  }

  /**
   * Merged files are read while they are still open for writing, and end without a last chunk when
   * a process dies: the format rejects such a file, so a checkpoint in it would be lost.
   */
  private void refuseFileMerging(Configuration config) {
    boolean sealed =
        Stream.of(SealedOptions.CHECKPOINTS, SealedOptions.SAVEPOINTS)
            .anyMatch(option -> config.get(option).startsWith(PREFIX));
    if (sealed && config.get(SealedOptions.FILE_MERGING)) {
      throw new IllegalConfigurationException(
          "%s: true cannot be used with sealed checkpoints; set it to false"
              .formatted(SealedOptions.FILE_MERGING.key()));
    }
  }

  @Override
  public FileSystem create(URI uri) throws IOException {
    if (sealing == null) {
      configure(new Configuration());
    }
    if (sealing == null) {
      throw new IOException("%s needs keys: set %s".formatted(getScheme(), providers.whatToSet()));
    }
    FileSystem inner = InnerFileSystem.at(root(innerScheme, uri));
    return new SealedFileSystem(inner, root(getScheme(), uri), innerScheme, sealing);
  }

  private static URI root(String scheme, URI uri) {
    String authority = uri.getRawAuthority();
    return URI.create(scheme + "://" + (authority == null ? "" : authority) + "/");
  }
}
