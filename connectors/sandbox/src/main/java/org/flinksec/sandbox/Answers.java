// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox;

import java.util.concurrent.Callable;

/** How a client program ends: quietly, or with the causes of its failure, deepest first. */
public final class Answers {
  private static final int DEEPEST = 30;

  private Answers() {}

  /** Runs a client and exits with 0, or with 1 after one line on standard error. */
  public static void exitAfter(Callable<Void> client) {
    int code = 0;
    try {
      client.call();
    } catch (Exception | LinkageError error) {
      System.err.println("ERROR " + causes(error));
      code = 1;
    }
    System.out.flush();
    Runtime.getRuntime().halt(code);
  }

  static String causes(Throwable error) {
    StringBuilder told = new StringBuilder();
    int depth = 0;
    for (Throwable cause = error; cause != null && depth < DEEPEST; cause = cause.getCause()) {
      String one = cause.getClass().getSimpleName() + ": " + cause.getMessage();
      told.insert(0, depth++ == 0 ? one : one + " <- ");
    }
    // A server's error may bring the frames of its own stack along.
    return told.toString().replaceAll("\\n\\s*at [^\\n]*", "").replaceAll("\\s+", " ");
  }
}
