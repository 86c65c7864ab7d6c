// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.runtime.metrics.groups;

import org.apache.flink.metrics.MetricGroup;

/** Finds the group of the process that a metric is of. It lies here since Flink shows none. */
public final class ProcessGroups {
  private ProcessGroups() {}

  /** The group of the JobManager or TaskManager above a metric's group; null if there is none. */
  public static MetricGroup of(MetricGroup told) {
    MetricGroup group = told;
    while (group instanceof ProxyMetricGroup<?> proxy) {
      group = proxy.parentMetricGroup;
    }
    AbstractMetricGroup<?> found = group instanceof AbstractMetricGroup<?> own ? own : null;
    while (found != null
        && !(found instanceof JobManagerMetricGroup || found instanceof TaskManagerMetricGroup)) {
      found = found.parent;
    }
    return found;
  }
}
