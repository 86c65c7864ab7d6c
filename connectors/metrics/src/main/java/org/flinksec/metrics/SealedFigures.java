// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;

/**
 * What the sealed file system tells of itself. It is a plugin with a class loader of its own, so
 * what it counts comes here through the management beans of the process, which no port shows.
 */
final class SealedFigures {
  private static final ObjectName NAME = name();
  private final MBeanServer beans = ManagementFactory.getPlatformMBeanServer();

  private static ObjectName name() {
    try {
      return new ObjectName("org.flinksec:type=SealedState");
    } catch (MalformedObjectNameException e) {
      throw new AssertionError(e);
    }
  }

  /** The id of the key that new files are sealed under; empty if nothing is sealed here. */
  String keyId() {
    return value("KeyId") instanceof String id ? id : "";
  }

  /** Files that could not be opened: altered, cut short, or another's. */
  long failedUnseals() {
    return number("FailedUnseals");
  }

  /** Data keys that could not be unwrapped: the key is missing, wrong, or its holder is away. */
  long failedUnwraps() {
    return number("FailedUnwraps");
  }

  private long number(String attribute) {
    return value(attribute) instanceof Number number ? number.longValue() : 0;
  }

  private Object value(String attribute) {
    try {
      return beans.isRegistered(NAME) ? beans.getAttribute(NAME, attribute) : null;
    } catch (JMException e) {
      return null; // it went away in between
    }
  }
}
