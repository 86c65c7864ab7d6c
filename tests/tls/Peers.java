// SPDX-License-Identifier: Apache-2.0

import java.io.FileInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Scanner;
import java.util.StringJoiner;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.io.network.netty.SSLHandlerFactory;
import org.apache.flink.runtime.net.SSLUtils;
import org.apache.flink.shaded.netty4.io.netty.buffer.ByteBuf;
import org.apache.flink.shaded.netty4.io.netty.buffer.Unpooled;
import org.apache.flink.shaded.netty4.io.netty.buffer.UnpooledByteBufAllocator;
import org.apache.flink.shaded.netty4.io.netty.channel.embedded.EmbeddedChannel;
import org.apache.flink.shaded.netty4.io.netty.handler.ssl.SslContextBuilder;
import org.apache.flink.shaded.netty4.io.netty.handler.ssl.SslHandler;
import org.apache.flink.shaded.netty4.io.netty.handler.ssl.util.InsecureTrustManagerFactory;

/**
 * Lets Flink's own TLS code use stores, as JobManager, TaskManager and client do. Each line of
 * stdin is a command with arguments between tabs; each answer is one line.
 */
public final class Peers {
  private static final String TLS_1_2 =
      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
  private static final String TLS_1_3 = "TLS_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256";
  private static final String NOBODY = "-";

  private Peers() {}

  public static void main(String[] arguments) {
    Scanner lines = new Scanner(System.in, StandardCharsets.UTF_8);
    PrintStream answers = System.out;
    System.setOut(System.err); // what Flink logs is no answer
    while (lines.hasNextLine()) {
      String[] words = lines.nextLine().split("\t", -1);
      String answer;
      try {
        answer = answer(words);
      } catch (Throwable e) {
        answer = "failed: " + causes(e);
      }
      answers.println(answer.replace('\n', ' '));
      answers.flush();
    }
  }

  private static String answer(String[] words) throws Exception {
    switch (words[0]) {
      case "entries":
        return entries(words[1], words[2]);
      case "netty":
        return overNetty(words);
      case "socket":
        return overSockets(words);
      case "serve":
        return serve(words[1]);
      case "ask":
        return ask(words[1], Integer.parseInt(words[2]));
      default:
        throw new IllegalArgumentException(words[0]);
    }
  }

  /** What a JVM sees in a store: {@code key:SHA-256} and {@code trusted:SHA-256}. */
  private static String entries(String file, String password) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream stream = new FileInputStream(file)) {
      store.load(stream, password.toCharArray());
    }
    StringJoiner found = new StringJoiner(" ");
    found.setEmptyValue("nothing");
    for (String alias : Collections.list(store.aliases())) {
      Certificate certificate = store.getCertificate(alias);
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
      String kind = store.isKeyEntry(alias) ? "key" : "trusted";
      if (store.isKeyEntry(alias)) {
        store.getKey(alias, password.toCharArray()).getEncoded();
      }
      found.add(kind + ":" + HexFormat.of().formatHex(hash));
    }
    return found.toString();
  }

  /** {@code netty internal|rest SERVER CLIENT TLSv1.2|TLSv1.3 FINGERPRINTS}: the data plane, REST. */
  private static String overNetty(String[] words) throws Exception {
    boolean internal = words[1].equals("internal");
    Configuration server = configuration(words[1], words[2], words[4], words[5]);
    SSLHandlerFactory accepts =
        internal
            ? SSLUtils.createInternalServerSSLEngineFactory(server)
            : SSLUtils.createRestServerSSLEngineFactory(server);
    SslHandler theirs;
    if (words[3].equals(NOBODY)) {
      theirs =
          SslContextBuilder.forClient()
              .trustManager(InsecureTrustManagerFactory.INSTANCE)
              .build()
              .newHandler(UnpooledByteBufAllocator.DEFAULT);
    } else {
      Configuration client = configuration(words[1], words[3], words[4], words[5]);
      SSLHandlerFactory connects =
          internal
              ? SSLUtils.createInternalClientSSLEngineFactory(client)
              : SSLUtils.createRestClientSSLEngineFactory(client);
      theirs = connects.createNettySSLHandler(UnpooledByteBufAllocator.DEFAULT);
    }
    SslHandler ours = accepts.createNettySSLHandler(UnpooledByteBufAllocator.DEFAULT);
    return converse(ours, theirs);
  }

  private static String converse(SslHandler ours, SslHandler theirs) {
    // Whoever is slow here is not refused for it.
    ours.setHandshakeTimeoutMillis(0);
    theirs.setHandshakeTimeoutMillis(0);
    EmbeddedChannel server = new EmbeddedChannel(ours);
    EmbeddedChannel client = new EmbeddedChannel(theirs);
    String problem = pump(server, client);
    if (problem.isEmpty()) {
      client.writeOneOutbound(Unpooled.copiedBuffer("hello", StandardCharsets.UTF_8));
      client.flushOutbound();
      problem = pump(server, client);
    }
    ByteBuf heard = problem.isEmpty() ? server.readInbound() : null;
    String answer = "refused: " + problem;
    if (heard != null) {
      String text = heard.toString(StandardCharsets.UTF_8);
      answer = text + " " + session(ours.engine().getSession());
      heard.release();
    }
    for (EmbeddedChannel channel : new EmbeddedChannel[] {server, client}) {
      channel.releaseInbound();
      channel.releaseOutbound();
    }
    return answer;
  }

  /** Carries bytes until both are silent; says why one of them gave up. */
  private static String pump(EmbeddedChannel server, EmbeddedChannel client) {
    StringBuilder problem = new StringBuilder();
    boolean moved = true;
    while (moved) {
      moved = false;
      for (boolean up : new boolean[] {true, false}) {
        EmbeddedChannel from = up ? client : server;
        EmbeddedChannel to = up ? server : client;
        from.runPendingTasks();
        for (ByteBuf sent = from.readOutbound(); sent != null; sent = from.readOutbound()) {
          moved = true;
          try {
            to.writeInbound(sent);
          } catch (Throwable e) {
            problem.append(up ? "server: " : "client: ").append(causes(e)).append("; ");
          }
        }
      }
    }
    return problem.toString();
  }

  /** {@code socket SERVER CLIENT TLSv1.2|TLSv1.3 FINGERPRINTS}: the blob server and its clients. */
  private static String overSockets(String[] words) throws Exception {
    Configuration server = configuration("internal", words[1], words[3], words[4]);
    try (ServerSocket listening =
        SSLUtils.createSSLServerSocketFactory(server)
            .createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<String> heard = CompletableFuture.supplyAsync(() -> hear(listening));
      String asked;
      Configuration client = configuration("internal", words[2], words[3], words[4]);
      try (Socket socket =
          SSLUtils.createSSLClientSocketFactory(client)
              .createSocket(InetAddress.getLoopbackAddress(), listening.getLocalPort())) {
        asked = talk(socket);
      } catch (Exception e) {
        asked = "client: " + causes(e);
      }
      String answer = heard.get();
      return answer.startsWith("hello") ? answer : "refused: " + answer + "; " + asked;
    }
  }

  /** {@code serve DIRECTORY}: a REST server for clients that are no JVM; answers with its port. */
  private static String serve(String directory) throws Exception {
    SSLContext context =
        SSLUtils.createRestSSLContext(configuration("rest", directory, "TLSv1.3", ""), false);
    SSLServerSocket listening =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 8, InetAddress.getLoopbackAddress());
    listening.setNeedClientAuth(true);
    Thread thread =
        new Thread(
            () -> {
              while (true) {
                hear(listening);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return String.valueOf(listening.getLocalPort());
  }

  /** {@code ask DIRECTORY PORT}: a REST client that talks to whoever listens there. */
  private static String ask(String directory, int port) throws Exception {
    SSLContext context =
        SSLUtils.createRestSSLContext(configuration("rest", directory, "TLSv1.3", ""), true);
    try (Socket socket =
        context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
      return talk(socket);
    } catch (Exception e) {
      return "refused: " + causes(e);
    }
  }

  private static String hear(ServerSocket listening) {
    try (Socket socket = listening.accept()) {
      socket.setSoTimeout(20_000);
      byte[] heard = socket.getInputStream().readNBytes(5);
      socket.getOutputStream().write(heard);
      socket.getOutputStream().flush();
      String text = new String(heard, StandardCharsets.UTF_8);
      return text + " " + session(((SSLSocket) socket).getSession());
    } catch (Exception e) {
      return "server: " + causes(e);
    }
  }

  private static String talk(Socket socket) throws Exception {
    socket.setSoTimeout(20_000);
    OutputStream out = socket.getOutputStream();
    out.write("hello".getBytes(StandardCharsets.UTF_8));
    out.flush();
    String echo = new String(socket.getInputStream().readNBytes(5), StandardCharsets.UTF_8);
    return echo + " " + session(((SSLSocket) socket).getSession());
  }

  private static String session(SSLSession session) {
    return session.getProtocol() + " " + session.getCipherSuite();
  }

  private static Configuration configuration(
      String part, String directory, String protocol, String fingerprints) throws Exception {
    Configuration configuration = new Configuration();
    String password = Files.readString(Path.of(directory, "password"));
    String prefix = "security.ssl." + part + ".";
    configuration.setString(prefix + "enabled", "true");
    configuration.setString(prefix + "keystore", directory + "/keystore.p12");
    configuration.setString(prefix + "truststore", directory + "/truststore.p12");
    configuration.setString(prefix + "keystore-password", password);
    configuration.setString(prefix + "key-password", password);
    configuration.setString(prefix + "truststore-password", password);
    if (!fingerprints.isEmpty()) {
      configuration.setString(prefix + "cert.fingerprint", fingerprints);
    }
    configuration.setString("security.ssl.rest.authentication-enabled", "true");
    configuration.setString("security.ssl.protocol", protocol);
    configuration.setString(
        "security.ssl.algorithms", protocol.equals("TLSv1.3") ? TLS_1_3 : TLS_1_2);
    return configuration;
  }

  private static String causes(Throwable error) {
    StringJoiner told = new StringJoiner(" <- ");
    for (Throwable e = error; e != null; e = e.getCause()) {
      told.add(e.getClass().getSimpleName() + ": " + e.getMessage());
    }
    return told.toString();
  }
}
