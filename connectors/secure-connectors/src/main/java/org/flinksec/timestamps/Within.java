// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import org.apache.flink.api.common.eventtime.WatermarkGenerator;

/** A generator of watermarks that asks another one. */
public interface Within {
  /** The generator that it asks. */
  WatermarkGenerator<?> generator();
}
