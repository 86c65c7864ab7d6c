// SPDX-License-Identifier: Apache-2.0
package org.flinksec.log;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The failures that were met of late, and how often.
 *
 * <p>Two are the same if they have the same exceptions, one the cause of the other, but for mere
 * wrappers, and the last of them, the root, says the same at the same place. What the others say is
 * not compared: it is full of ids that change with each attempt. Of what the root says, numbers
 * that stand alone are not compared: sizes, milliseconds, offsets; nor are names of unfinished
 * files, of which each attempt has its own.
 */
final class Failures {
  /**
   * After so many milliseconds a failure is told whole again: a log may have lost its beginning.
   */
  static final long FORGOTTEN_AFTER_MILLIS = 10 * 60_000;

  private static final int REMEMBERED = 200;
  private static final int FRAMES = 12;
  private static final int LONGEST_MESSAGE = 2_000;
  // What one and the same failure is wrapped in, differently by each part of Flink that logs it.
  private static final Set<String> WRAPPERS =
      Set.of(
          "java.lang.RuntimeException",
          "java.util.concurrent.CompletionException",
          "java.util.concurrent.ExecutionException",
          "org.apache.flink.runtime.JobException",
          "org.apache.flink.util.FlinkException",
          "org.apache.flink.util.FlinkRuntimeException");
  // Hadoop's client has what the server threw within what it throws itself.
  private static final Pattern CLASS =
      Pattern.compile(
          "(?:org\\.apache\\.hadoop\\.ipc\\.RemoteException\\()?((?:\\w+\\.)+[\\w$]+)\\)?(?::|$)");
  private static final Pattern UNFINISHED =
      Pattern.compile("/\\S*/\\.[^\\s/]+\\.inprogress\\.[0-9a-f-]{36}");
  // In 8000 ms, 1.58 MB, 95.2%, #12, (3/4), @1f2e; but not topic-2, node2 or 2.0.
  private static final Pattern NUMBERS =
      Pattern.compile(
          "(?<![\\w.-])\\d+(?:[.,]\\d+)* ?(?:%|(?:[KMGTPEkmgtpe]i?)?B\\b|m?s\\b)"
              + "|(?<![\\w.-])\\d+(?![\\w.-]*\\w)|\\d+(?= ms\\b)"
              + "|@[0-9a-f]+\\b|\\b[0-9a-f]{32}\\b");

  private final Map<List<String>, Told> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<List<String>, Told> eldest) {
          return size() > REMEMBERED;
        }
      };

  /**
   * A failure.
   *
   * @param first when it was told whole, in epoch milliseconds
   * @param times how often it was met since, that time included
   * @param cause the simple name of its root's class
   */
  record Told(long first, long times, String cause) {}

  /** Counts a failure. It is to be told whole if it was met once. */
  synchronized Told meet(Throwable failure, long now) {
    List<Throwable> chain = chain(failure);
    Throwable root = chain.get(chain.size() - 1);
    List<String> key = key(chain, root);
    Told before = known.get(key);
    Told told =
        before == null || now - before.first() >= FORGOTTEN_AFTER_MILLIS
            ? new Told(now, 1, simple(className(root)))
            : new Told(before.first(), before.times() + 1, before.cause());
    known.put(key, told);
    return told;
  }

  /** The names of the classes of a failure and its causes, the root last. */
  static List<String> classes(Throwable failure) {
    return chain(failure).stream().map(Failures::className).toList();
  }

  private static List<Throwable> chain(Throwable failure) {
    List<Throwable> chain = new ArrayList<>();
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Throwable one = failure; one != null && seen.add(one); one = one.getCause()) {
      chain.add(one);
    }
    return chain;
  }

  private static List<String> key(List<Throwable> chain, Throwable root) {
    List<String> key = new ArrayList<>();
    for (Throwable one : chain) {
      String name = className(one);
      if (one == root || !WRAPPERS.contains(name)) {
        key.add(name);
      }
    }
    key.add(comparable(String.valueOf(root.getMessage())));
    StackTraceElement[] frames = root.getStackTrace();
    for (int i = 0; i < Math.min(FRAMES, frames.length); i++) {
      key.add(frames[i].getClassName() + "." + frames[i].getMethodName());
    }
    return key;
  }

  private static String comparable(String message) {
    String cut =
        message.length() > LONGEST_MESSAGE ? message.substring(0, LONGEST_MESSAGE) : message;
    return NUMBERS.matcher(UNFINISHED.matcher(cut).replaceAll("#")).replaceAll("#");
  }

  /** Flink's SerializedThrowable, and others that stand for an exception, call themselves so. */
  private static String className(Throwable one) {
    Matcher named = CLASS.matcher(String.valueOf(one));
    return named.lookingAt() ? named.group(1) : one.getClass().getName();
  }

  static String simple(String className) {
    return className.substring(className.lastIndexOf('.') + 1);
  }
}
