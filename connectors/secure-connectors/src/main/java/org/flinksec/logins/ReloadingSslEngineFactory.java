// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import java.security.KeyStore;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.KafkaException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.config.SslConfigs;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.auth.SslEngineFactory;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;
import org.flinksec.logging.LimitedWarnings;
import org.flinksec.tls.TlsException;
import org.flinksec.tls.TlsFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka's {@code ssl.engine.factory.class} (KIP-519) that looks at its files before each
 * connection, so that a client certificate or a CA that is replaced is used without a restart.
 *
 * <p>Kafka's own factory makes the engines: protocols, ciphers and the check of host names are as
 * its properties say. New files that cannot be used, because they are half written, do not fit or
 * have expired, are not taken: the ones before stay in use, with a warning.
 */
public final class ReloadingSslEngineFactory implements SslEngineFactory {
  private static final Logger LOG = LoggerFactory.getLogger(ReloadingSslEngineFactory.class);

  private final LimitedWarnings warnings = new LimitedWarnings(LOG);
  private Map<String, Object> configs;
  private TlsFiles files;
  private DefaultSslEngineFactory current;
  private byte[] digest;

  @Override
  public synchronized void configure(Map<String, ?> given) {
    configs = new HashMap<>(given);
    files = KafkaTlsFiles.of(given);
    try {
      digest = files.digest();
      current = made();
    } catch (TlsException e) {
      throw new KafkaException(e.getMessage(), e);
    }
  }

  @Override
  public SSLEngine createClientSslEngine(String host, int port, String identification) {
    return newest().createClientSslEngine(host, port, identification);
  }

  @Override
  public SSLEngine createServerSslEngine(String host, int port) {
    throw new UnsupportedOperationException("it is for clients");
  }

  @Override
  public boolean shouldBeRebuilt(Map<String, Object> next) {
    return false;
  }

  @Override
  public Set<String> reconfigurableConfigs() {
    return Set.of();
  }

  @Override
  public KeyStore keystore() {
    return newest().keystore();
  }

  @Override
  public KeyStore truststore() {
    return newest().truststore();
  }

  @Override
  public synchronized void close() {
    current.close();
  }

  private synchronized DefaultSslEngineFactory newest() {
    try {
      byte[] now = files.digest();
      if (!Arrays.equals(now, digest)) {
        DefaultSslEngineFactory next = made();
        current.close();
        current = next;
        digest = now;
        LOG.info("new files of TLS are in use: {}", files);
      }
    } catch (TlsException e) {
      warnings.warn(e.getMessage() + "; what was read before stays in use");
    }
    return current;
  }

  private DefaultSslEngineFactory made() throws TlsException {
    Map<String, Object> told = new HashMap<>(configs);
    told.remove(SslConfigs.SSL_TRUSTSTORE_LOCATION_CONFIG);
    told.remove(SslConfigs.SSL_KEYSTORE_LOCATION_CONFIG);
    told.putAll(KafkaTlsFiles.read(files));
    DefaultSslEngineFactory made = new DefaultSslEngineFactory();
    try {
      made.configure(told);
    } catch (KafkaException e) {
      // Without the cause, which may have been told of the key.
      throw new TlsException(
          "%s.client_cert: Kafka cannot use what is in the files".formatted(files.section()));
    }
    return made;
  }
}
