// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.util.Properties;

/**
 * How much was left out, and how many dead letters there are, for the program that runs the job in
 * the same JVM.
 *
 * <p>System properties hold it, since they are the same for all class loaders: jobs have one of
 * their own each. They are changed only when something is left out.
 */
final class SkipTally {
  /** In front of what was left out: {@code flinksec.skipped.records of the Kafka topic t}. */
  static final String PREFIX = "flinksec.skipped.";

  /** In front of where dead letters go: {@code flinksec.deadletters.the Kafka topic t}. */
  static final String LETTERS = "flinksec.deadletters.";

  private SkipTally() {}

  static void add(String what) {
    count(PREFIX + what);
  }

  static void letter(String where) {
    count(LETTERS + where);
  }

  private static void count(String name) {
    Properties properties = System.getProperties();
    synchronized (properties) {
      long before = Long.parseLong(properties.getProperty(name, "0"));
      properties.setProperty(name, Long.toString(before + 1));
    }
  }
}
