// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import java.time.Clock;
import java.util.Map;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricGroup;

/**
 * How long ago a job had a checkpoint, by the metric of Flink that tells when.
 *
 * @param group of the job
 * @param completed Flink's: milliseconds since 1970; none or less than 1 before the first
 * @param started when this JobManager began with the job
 */
record JobAges(MetricGroup group, Gauge<?> completed, long started) {
  private static final String COMPLETED = "lastCheckpointCompletedTimestamp";

  /** Of a metric that Flink tells of; null if it is another one. */
  static JobAges of(Metric metric, String name, MetricGroup group, Clock clock) {
    if (!name.equals(COMPLETED) || !(metric instanceof Gauge<?> gauge)) {
      return null;
    }
    Map<String, String> variables = group.getAllVariables();
    boolean ofJob = variables.containsKey("<job_id>") && !variables.containsKey("<task_name>");
    return ofJob ? new JobAges(group, gauge, clock.millis()) : null;
  }

  /** Seconds since the last completed checkpoint; since the start, if there is none. */
  long checkpointAge(Clock clock) {
    long last = completed.getValue() instanceof Number number ? number.longValue() : 0;
    return Math.max(0, clock.millis() - Math.max(last, started)) / 1000;
  }
}
