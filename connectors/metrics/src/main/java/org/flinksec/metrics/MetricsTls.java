// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyManagementException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TLS of a server whose certificate changes while it runs: {@code tls.crt}, {@code tls.key} and
 * {@code ca.crt}, the CAs of its clients, in a directory.
 *
 * <p>A new connection has what the files hold then, in a context of its own: no session of before
 * lets a client in that is not trusted any more. Files that cannot be used leave what there was.
 */
final class MetricsTls extends SSLContextSpi {
  private static final Logger LOG = LoggerFactory.getLogger(MetricsTls.class);
  private static final List<String> FILES = List.of("tls.crt", "tls.key", "ca.crt");

  private final Path directory;
  private List<FileTime> changed;
  private SSLContext now;

  private MetricsTls(Path directory) throws IOException, GeneralSecurityException {
    this.directory = directory;
    this.changed = times();
    this.now = read();
  }

  /**
   * Reads the files.
   *
   * @throws IOException if one cannot be read
   * @throws GeneralSecurityException if one is not what it should be
   */
  static SSLContext of(Path directory) throws IOException, GeneralSecurityException {
    MetricsTls own = new MetricsTls(directory);
    return new Reloading(own, own.now);
  }

  private static final class Reloading extends SSLContext {
    Reloading(MetricsTls own, SSLContext first) {
      super(own, first.getProvider(), first.getProtocol());
    }
  }

  private synchronized SSLContext current() {
    try {
      List<FileTime> times = times();
      if (!times.equals(changed)) {
        changed = times;
        now = read();
        LOG.info("the certificate of metrics was read again from {}", directory);
      }
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      LOG.warn(
          "the certificate of metrics in {} cannot be used; the one of before is kept: {}",
          directory,
          e.toString());
    }
    return now;
  }

  private List<FileTime> times() throws IOException {
    List<FileTime> times = new ArrayList<>();
    for (String file : FILES) {
      times.add(Files.getLastModifiedTime(directory.resolve(file)));
    }
    return times;
  }

  private SSLContext read() throws IOException, GeneralSecurityException {
    X509Certificate[] chain =
        PemFiles.certificates(directory.resolve("tls.crt")).toArray(new X509Certificate[0]);
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    char[] none = new char[0];
    own.setKeyEntry("own", PemFiles.key(directory.resolve("tls.key")), none, chain);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own, none);
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    for (X509Certificate ca : PemFiles.certificates(directory.resolve("ca.crt"))) {
      trusted.setCertificateEntry("ca-" + trusted.size(), ca);
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  @Override
  protected SSLEngine engineCreateSSLEngine() {
    return current().createSSLEngine();
  }

  @Override
  protected SSLEngine engineCreateSSLEngine(String host, int port) {
    return current().createSSLEngine(host, port);
  }

  @Override
  protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random)
      throws KeyManagementException {
    throw new KeyManagementException("it reads its files");
  }

  @Override
  protected SSLSocketFactory engineGetSocketFactory() {
    return current().getSocketFactory();
  }

  @Override
  protected SSLServerSocketFactory engineGetServerSocketFactory() {
    return current().getServerSocketFactory();
  }

  @Override
  protected SSLSessionContext engineGetServerSessionContext() {
    return current().getServerSessionContext();
  }

  @Override
  protected SSLSessionContext engineGetClientSessionContext() {
    return current().getClientSessionContext();
  }
}
