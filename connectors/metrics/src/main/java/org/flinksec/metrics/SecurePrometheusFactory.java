// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import java.util.Properties;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Makes {@link SecurePrometheus} where Flink looks for a reporter. */
public final class SecurePrometheusFactory implements MetricReporterFactory {
  @Override
  public MetricReporter createMetricReporter(Properties properties) {
    return new SecurePrometheus();
  }
}
