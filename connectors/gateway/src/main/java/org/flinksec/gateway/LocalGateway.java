// SPDX-License-Identifier: Apache-2.0
package org.flinksec.gateway;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import py4j.CallbackClient;
import py4j.Gateway;
import py4j.GatewayServer;

/**
 * The JVM of a local run: what PyFlink's own {@code PythonGatewayServer} does, with a password.
 *
 * <p>A port on the loopback interface is open to every user of the machine, and whoever may speak
 * to the gateway may run any code in this JVM. So both ends ask for a token, which comes as the
 * first line of standard input: it is in no file, argument or environment.
 */
public final class LocalGateway {
  private static final int SHORTEST_TOKEN = 32;
  private static final long PATIENCE_MILLIS = 10_000;

  private LocalGateway() {}

  /**
   * Serves until standard input ends or the program that has started it does.
   *
   * @param arguments a file to write the port into, when it is open
   */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 1) {
      throw new IllegalArgumentException("one argument is needed: a file for the port");
    }
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    String token = input.readLine();
    if (token == null || token.length() < SHORTEST_TOKEN) {
      throw new IllegalArgumentException("standard input brings no token");
    }
    GatewayServer server = start(token);
    tellPyFlink(server);
    writePort(Path.of(arguments[0]), server.getListeningPort());
    // Not only the end of the input: a child that Python has forked would keep it open.
    ProcessHandle.current()
        .parent()
        .ifPresent(parent -> parent.onExit().thenRun(LocalGateway::end));
    while (input.readLine() != null) {
      // Nothing more is said; its end is what counts.
    }
    end();
  }

  private static GatewayServer start(String token) throws IOException {
    // PyFlink adds the jars of connectors to the class loader of the thread that it happens to
    // speak with. Threads inherit this one, so that all of them have the same one to add to.
    Thread self = Thread.currentThread();
    self.setContextClassLoader(new URLClassLoader(new URL[0], self.getContextClassLoader()));
    InetAddress loopback = InetAddress.getByName(GatewayServer.DEFAULT_ADDRESS);
    // Python tells its real port later; no connection is made before.
    CallbackClient python = new CallbackClient(GatewayServer.DEFAULT_PYTHON_PORT, loopback, token);
    GatewayServer server =
        new GatewayServer.GatewayServerBuilder()
            .gateway(new MarkedGateway(python))
            .javaPort(0)
            .javaAddress(loopback)
            .authToken(token)
            .build();
    server.start(true);
    return server;
  }

  /** PyFlink's Java code calls Python through the gateway that it knows. */
  private static void tellPyFlink(GatewayServer server) throws ReflectiveOperationException {
    Class<?> utilities = Class.forName("org.apache.flink.client.python.PythonEnvUtils");
    Method method = utilities.getDeclaredMethod("setGatewayServer", GatewayServer.class);
    method.setAccessible(true);
    method.invoke(null, server);
  }

  private static void writePort(Path file, int port) throws IOException {
    Path unfinished = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(unfinished, Integer.toString(port));
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void end() {
    Thread last =
        new Thread(
            () -> {
              try {
                Thread.sleep(PATIENCE_MILLIS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              Runtime.getRuntime().halt(1);
            },
            "last-resort");
    last.setDaemon(true);
    last.start();
    System.exit(0);
  }

  /**
   * A gateway whose objects have names that no other JVM gives.
   *
   * <p>A Python program may have one JVM after another. An object of the first, handed to the
   * second, is then unknown there, where by their numbers it would be taken for another object.
   */
  private static final class MarkedGateway extends Gateway {
    private final String mark;
    private final AtomicLong counter = new AtomicLong();

    MarkedGateway(CallbackClient python) {
      super(new ConcurrentHashMap<String, Object>(), python);
      byte[] random = new byte[8];
      new SecureRandom().nextBytes(random);
      mark = "o" + HexFormat.of().formatHex(random) + "-";
    }

    @Override
    protected String getNextObjectId() {
      return mark + counter.getAndIncrement();
    }
  }
}
