// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.kafka;

import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.flinksec.sandbox.Owner;
import org.flinksec.sandbox.logins.ScramUsers;
import org.flinksec.sandbox.logins.TokenIssuer;

/**
 * A KDC and, if asked for, a Kafka broker in one JVM, which halves what they need.
 *
 * <p>Argument: a file of properties: those of {@link Kdc}, and {@code kafka.config}, the broker's
 * {@code server.properties}; without it there is only the KDC. With it there are those of {@link
 * TokenIssuer}, and {@code tokens.admin}, the properties of a client that may do all.
 */
public final class KdcAndKafka {
  private KdcAndKafka() {}

  /** Starts them, and stops them when the owner is gone. */
  public static void main(String[] arguments) {
    Owner.run(owner -> run(owner, arguments));
  }

  private static void run(Owner owner, String[] arguments) throws Exception {
    Properties settings = read(Path.of(arguments[0]));
    Kdc kdc = new Kdc(settings);
    owner.ready("kdc");
    String config = settings.getProperty("kafka.config");
    TokenIssuer tokens = config == null ? null : startTokens(settings);
    KafkaRaftServer broker = config == null ? null : startBroker(config);
    if (broker != null) {
      Properties admin = read(Path.of(settings.getProperty("tokens.admin")));
      ScramUsers.set(admin, Path.of(settings.getProperty("tokens.directory")));
      owner.ready("kafka");
    }
    owner.awaitEnd();
    if (broker != null) {
      broker.shutdown();
      tokens.stop();
    }
    kdc.stop();
  }

  /** Before the broker, which reads the public key when it starts. */
  private static TokenIssuer startTokens(Properties settings) throws Exception {
    TokenIssuer tokens = new TokenIssuer(settings);
    Path keys = Path.of(settings.getProperty("tokens.directory"), "jwks.json");
    System.setProperty("org.apache.kafka.sasl.oauthbearer.allowed.urls", keys.toUri().toString());
    return tokens;
  }

  private static KafkaRaftServer startBroker(String config) throws Exception {
    Properties properties = read(Path.of(config));
    if (Files.notExists(Path.of(properties.getProperty("log.dirs"), "meta.properties"))) {
      format(config);
    }
    KafkaRaftServer server = new KafkaRaftServer(KafkaConfig.fromProps(properties), Time.SYSTEM);
    server.startup();
    return server;
  }

  private static void format(String config) throws Exception {
    String[] format = {"format", "-t", Uuid.randomUuid().toString(), "-c", config};
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    int code = StorageTool.execute(format, nowhere);
    if (code != 0) {
      throw new IllegalStateException("the broker's storage cannot be formatted: " + config);
    }
  }

  private static Properties read(Path path) throws Exception {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(path)) {
      properties.load(reader);
    }
    return properties;
  }
}
