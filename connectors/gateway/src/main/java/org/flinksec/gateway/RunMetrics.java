// SPDX-License-Identifier: Apache-2.0
package org.flinksec.gateway;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;

/**
 * The figures by which a local run shows itself, also when its job has ended.
 *
 * <p>Flink's REST server goes away with the job, a moment before its last figures could be asked
 * for.
 */
public final class RunMetrics implements MetricReporter {
  private static final Set<String> OF_OPERATORS =
      Set.of("numRecordsIn", "numRecordsOut", "numRecordsSend");
  private static final Set<String> OF_JOBS =
      Set.of(
          "numberOfCompletedCheckpoints",
          "numberOfFailedCheckpoints",
          "lastCheckpointSize",
          "lastCheckpointDuration");

  private record Key(String jobId, String name) {}

  private static final Map<Metric, Key> LIVE = new ConcurrentHashMap<>();
  private static final Map<Key, Long> ENDED = new ConcurrentHashMap<>();

  /**
   * The figures of a job, one a line: {@code 12 numRecordsIn OPERATOR}, and those of the job itself
   * without an operator; an operator's subtasks are added up.
   */
  public static String figures(String jobId) {
    Map<String, Long> found = new HashMap<>();
    ENDED.forEach((key, value) -> add(found, jobId, key, value));
    LIVE.forEach((metric, key) -> add(found, jobId, key, value(metric)));
    StringBuilder lines = new StringBuilder();
    found.forEach((name, value) -> lines.append(value).append(' ').append(name).append('\n'));
    return lines.toString();
  }

  private static void add(Map<String, Long> found, String jobId, Key key, long value) {
    if (key.jobId().equals(jobId)) {
      found.merge(key.name(), value, Long::sum);
    }
  }

  private static long value(Metric metric) {
    if (metric instanceof Counter counter) {
      return counter.getCount();
    }
    return metric instanceof Gauge<?> gauge && gauge.getValue() instanceof Number number
        ? number.longValue()
        : 0;
  }

  @Override
  public void open(MetricConfig config) {}

  @Override
  public void close() {}

  @Override
  public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
    Map<String, String> variables = group.getAllVariables();
    String job = variables.get("<job_id>");
    String operator = variables.get("<operator_name>");
    if (job == null) {
      return;
    }
    if (operator != null && OF_OPERATORS.contains(name)) {
      LIVE.put(metric, new Key(job, name + " " + operator.replace('\n', ' ')));
    } else if (!variables.containsKey("<task_name>") && OF_JOBS.contains(name)) {
      LIVE.put(metric, new Key(job, name));
    }
  }

  @Override
  public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
    Key key = LIVE.get(metric);
    if (key != null) {
      // First here, then there: a figure may be told twice for a moment, never too low at the end.
      ENDED.merge(key, value(metric), Long::sum);
      LIVE.remove(metric);
    }
  }
}
