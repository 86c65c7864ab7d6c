// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Whose fault it is when Elasticsearch refuses a document for good, by its own name of the error.
 *
 * <p>Only what the next document need not meet is a document's own fault: its values, names or size
 * do not fit the index. An index that is closed, missing, full or forbidden, a name, an alias, a
 * pipeline or a data stream that does not take what the job sends: all that is the job's fault. So
 * is every error that is not listed here, since to leave out documents for an unknown reason would
 * lose them.
 *
 * <p>An index's limit of total fields counts as the document's: those without new names still get
 * in, and where none does the brake stops the job.
 */
final class ErrorTypes {
  /** Errors that only a document's own content brings about. */
  static final Set<String> OF_DOCUMENTS =
      Set.of(
          "document_parsing_exception", // 8.8 and later
          "mapper_parsing_exception", // before
          "document_missing_exception", // of an update
          "strict_dynamic_mapping_exception",
          "version_conflict_engine_exception");

  /** A wrong argument of the sink, which each document with that field meets. */
  private static final String NO_DYNAMIC_TEMPLATE =
      "Can't find dynamic template for dynamic template name ";

  /** Which errors of this type are a document's fault, only the first words of the reason tell. */
  static final String AMBIGUOUS = "illegal_argument_exception";

  /** Of a time series, whose index a document's time chooses; no class of its own. */
  private static final String OF_TIMES = "timestamp_error";

  /** The next document may have a routing; one without a routing field has none ever. */
  private static final String OF_ROUTING = "routing_missing_exception";

  private static final List<String> REASONS_OF_DOCUMENTS =
      List.of(
          "the document timestamp [", // is outside of ranges of currently writable indices
          "Error extracting routing", // source didn't contain any routing fields
          "Error extracting tsid", // the same, later
          "mapper [", // cannot be changed from type [long] to [text]; of different type
          "Mapper for [", // conflicts with existing mapping
          "can't merge a non", // object mapping [a] with an object mapping
          "can't merge a nested",
          "object mapping [", // can't be changed from nested to non-nested
          "Document contains at least one immense term",
          "Limit of ", // total fields [1000] has been exceeded; mapping depth
          "Field name [", // is longer than the limit
          "field name ", // cannot be an empty string
          "name cannot be empty string",
          "object field starting or ending with a [.]",
          "The number of nested documents has exceeded");

  /**
   * Blocks that Elasticsearch sets where disks are full, and lifts where they are not any more: on
   * an index, which it reports with status 429 (403 before 7.9), and on making another.
   */
  private static final Pattern OF_FULL_DISKS =
      Pattern.compile("(?:FORBIDDEN|TOO_MANY_REQUESTS)/(?:10|12)/");

  private ErrorTypes() {}

  static boolean isOfFullDisks(String type, String reason) {
    return "cluster_block_exception".equals(type)
        && reason != null
        && OF_FULL_DISKS.matcher(reason).find();
  }

  static boolean isOfRouting(String type) {
    return OF_ROUTING.equals(type);
  }

  static boolean isOfDocument(String type, String reason) {
    if (type == null || reason != null && reason.contains(NO_DYNAMIC_TEMPLATE)) {
      return false;
    }
    return OF_DOCUMENTS.contains(type)
        || type.equals(OF_TIMES)
        || type.equals(AMBIGUOUS)
            && reason != null
            && REASONS_OF_DOCUMENTS.stream().anyMatch(reason::startsWith);
  }
}
