// SPDX-License-Identifier: Apache-2.0
/**
 * An Elasticsearch sink: Flink's {@code AsyncSinkBase} over Elastic's low-level REST client.
 *
 * <p>Documents go out in {@code _bulk} requests. With an id field a document replaces the one
 * before it, and documents of one id keep their order, whatever is in flight or retried. When a
 * checkpoint completes, every document before it is in Elasticsearch (at least once).
 */
package org.flinksec.elasticsearch;
