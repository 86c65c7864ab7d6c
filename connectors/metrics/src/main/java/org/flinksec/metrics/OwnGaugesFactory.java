// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import java.util.Properties;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Makes {@link OwnGauges} where Flink looks for a reporter. */
public final class OwnGaugesFactory implements MetricReporterFactory {
  @Override
  public MetricReporter createMetricReporter(Properties properties) {
    return new OwnGauges();
  }
}
