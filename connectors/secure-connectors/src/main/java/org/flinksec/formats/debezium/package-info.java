// SPDX-License-Identifier: Apache-2.0

/**
 * Debezium's envelope as a format of records: changes of rows of a database, as Kafka Connect's
 * converter writes them in JSON.
 */
package org.flinksec.formats.debezium;
