// SPDX-License-Identifier: Apache-2.0
/** What the layouts of Log4j have of ours; it knows neither Flink nor Kafka. */
package org.flinksec.log;
