// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;

/**
 * The program that started this one: hears on standard output what is ready, and holds standard
 * input open for as long as it lives.
 */
public final class Owner {
  /** Everything else that prints, libraries above all, goes to standard error, the log. */
  private final PrintStream line = System.out;

  private final boolean detached = Boolean.getBoolean("flinksec.detached");

  private Owner() {
    System.setOut(System.err);
  }

  /**
   * Runs servers until they or the owner end. A failure ends the program too, although their
   * threads would keep it alive.
   */
  public static void run(Program program) {
    int code = 0;
    try {
      program.run(new Owner());
    } catch (Exception | LinkageError error) {
      error.printStackTrace();
      code = 1;
    }
    Runtime.getRuntime().halt(code);
  }

  /** Starts servers, awaits the owner's end, and stops them. */
  @FunctionalInterface
  public interface Program {
    /** Does it. */
    void run(Owner owner) throws Exception;
  }

  /** Says that a server answers. */
  public void ready(String server) {
    long started = ManagementFactory.getRuntimeMXBean().getStartTime();
    line.println("READY " + server + " " + (System.currentTimeMillis() - started));
    line.flush();
  }

  /** Returns when the owner is gone; never if this program was started to outlive it. */
  public void awaitEnd() throws IOException, InterruptedException {
    if (detached) {
      Thread.currentThread().join();
    }
    while (System.in.read() >= 0) {
      // What the owner writes means nothing: only the end does.
    }
  }
}
