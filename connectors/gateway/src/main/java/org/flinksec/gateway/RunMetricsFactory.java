// SPDX-License-Identifier: Apache-2.0
package org.flinksec.gateway;

import java.util.Properties;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Makes {@link RunMetrics} where Flink looks for a reporter. */
public final class RunMetricsFactory implements MetricReporterFactory {
  @Override
  public MetricReporter createMetricReporter(Properties properties) {
    return new RunMetrics();
  }
}
