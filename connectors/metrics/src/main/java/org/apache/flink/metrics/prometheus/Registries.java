// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.metrics.prometheus;

import io.prometheus.client.CollectorRegistry;

/** Shows what Flink's reporter has gathered. It lies here since Flink shows it to nobody else. */
public final class Registries {
  private Registries() {}

  /** The metrics of a reporter. */
  public static CollectorRegistry of(AbstractPrometheusReporter reporter) {
    return reporter.registry;
  }
}
