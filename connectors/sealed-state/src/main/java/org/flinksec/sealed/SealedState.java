// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.LongAdder;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.keys.KeyException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what went wrong with sealed files in this process, and shows it as a management bean, from
 * which `flinksec-metrics` makes metrics of Flink: this plugin has no other way to them.
 */
final class SealedState implements SealedStateMXBean {
  static final String NAME = "org.flinksec:type=SealedState";

  private static final Logger LOG = LoggerFactory.getLogger(SealedState.class);
  private static final LongAdder UNSEALS = new LongAdder();
  private static final LongAdder UNWRAPS = new LongAdder();

  private final String keyId;

  private SealedState(String keyId) {
    this.keyId = keyId;
  }

  /** Counts a failure to open or read a file; one that is not about its seal counts nothing. */
  static void failed(IOException failure) {
    if (failure instanceof SealedFileException sealed) {
      boolean missing = sealed.reason() == SealedFileException.Reason.KEY_MISSING;
      (missing ? UNWRAPS : UNSEALS).increment();
    } else if (failure instanceof KeyException) {
      UNWRAPS.increment();
    }
  }

  /** Shows the figures of this process; the key is that of the file system configured last. */
  static void show(String keyId) {
    try {
      ObjectName name = new ObjectName(NAME);
      MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
      try {
        beans.unregisterMBean(name);
      } catch (InstanceNotFoundException e) {
        LOG.debug("the first file system of this process");
      }
      beans.registerMBean(new SealedState(keyId), name);
    } catch (InstanceAlreadyExistsException e) {
      LOG.debug("another file system was configured at the same time", e);
    } catch (JMException e) {
      LOG.warn("The metrics of sealed files are not shown: {}", e.toString());
    }
  }

  @Override
  public String getKeyId() {
    return keyId;
  }

  @Override
  public long getFailedUnseals() {
    return UNSEALS.sum();
  }

  @Override
  public long getFailedUnwraps() {
    return UNWRAPS.sum();
  }
}
