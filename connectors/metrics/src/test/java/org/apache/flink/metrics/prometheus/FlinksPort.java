// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.metrics.prometheus;

import org.apache.flink.metrics.reporter.MetricReporter;

/** Where Flink's own reporter listens, which it tells its own package alone. */
public final class FlinksPort {
  private FlinksPort() {}

  public static int of(MetricReporter reporter) {
    return ((PrometheusReporter) reporter).getPort();
  }
}
