// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.List;

/** What became of a bulk request. */
sealed interface BulkOutcome {
  /** Elasticsearch has an answer for each document, in their order. */
  record Answered(List<BulkItem> items) implements BulkOutcome {}

  /** The request as a whole was refused with this status. */
  record Refused(String host, int status, String reason) implements BulkOutcome {}

  /** There was no usable answer; the documents may or may not have arrived. */
  record Unanswered(Exception cause) implements BulkOutcome {}
}
