// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.elasticsearch;

import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.Node;
import org.elasticsearch.node.SandboxNode;

/**
 * One Elasticsearch node with TLS and authentication.
 *
 * <p>Argument: a file of properties: {@code home}, {@code http.host}, {@code http.port}, {@code
 * transport.port}, {@code authorization.N} (accepted values of that header, read again when the
 * file changes), and those of {@link Tls}.
 */
public final class Elasticsearch {
  private Elasticsearch() {}

  /** Starts it, and stops it when the owner's end of standard input is closed. */
  public static void main(String[] arguments) {
    PrintStream owner = System.out;
    System.setOut(System.err);
    int code = 0;
    try {
      run(arguments, owner);
    } catch (Exception | LinkageError error) {
      error.printStackTrace();
      code = 1;
    }
    // Threads of a half-started node would keep the program alive.
    Runtime.getRuntime().halt(code);
  }

  private static void run(String[] arguments, PrintStream owner) throws Exception {
    Properties settings = read(Path.of(arguments[0]));
    Path home = Path.of(settings.getProperty("home"));
    Files.createDirectories(home.resolve("config"));
    LogConfigurator.configureESLogging();
    Environment environment = new Environment(nodeSettings(settings), home.resolve("config"));
    try (Node node =
        new SandboxNode(
            environment,
            List.of(new SecureHttp(Tls.engines(settings), new Accepted(Path.of(arguments[0])))))) {
      node.start();
      long started = ManagementFactory.getRuntimeMXBean().getStartTime();
      owner.println("READY elasticsearch " + (System.currentTimeMillis() - started));
      owner.flush();
      awaitEnd();
    }
  }

  private static Settings nodeSettings(Properties settings) {
    return Settings.builder()
        .put("path.home", settings.getProperty("home"))
        .put("cluster.name", "flinksec-sandbox")
        .put("node.name", "sandbox")
        .put("discovery.type", "single-node")
        .put("http.host", settings.getProperty("http.host"))
        // Nodes that would join it: there is only this one.
        .put("transport.host", "127.0.0.1")
        .put("http.type", SecureHttp.TYPE)
        .put("http.port", settings.getProperty("http.port"))
        .put("transport.port", settings.getProperty("transport.port"))
        // A laptop's disk is often fuller than a server's may be.
        .put("cluster.routing.allocation.disk.threshold_enabled", false)
        .build();
  }

  static Properties read(Path path) throws IOException {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(path)) {
      properties.load(reader);
    }
    return properties;
  }

  private static void awaitEnd() throws Exception {
    if (Boolean.getBoolean("flinksec.detached")) {
      Thread.currentThread().join();
    }
    while (System.in.read() >= 0) {
      // Only its end means something.
    }
  }
}
