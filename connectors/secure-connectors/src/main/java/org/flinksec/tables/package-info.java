// SPDX-License-Identifier: Apache-2.0
/** Tables of Flink SQL: one gate for all of them, and Kafka with the job's login. */
package org.flinksec.tables;
