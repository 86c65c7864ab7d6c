// SPDX-License-Identifier: Apache-2.0
/**
 * What an operator on call asks of a process: how long its certificates and its ticket last, which
 * key seals its state, when there was a checkpoint. And Flink's metrics for Prometheus, by mutual
 * TLS.
 */
package org.flinksec.metrics;
