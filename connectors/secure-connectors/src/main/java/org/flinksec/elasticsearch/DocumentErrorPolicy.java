// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

/** What happens to a document that Elasticsearch will never accept. */
enum DocumentErrorPolicy {
  /** The job fails, with Elasticsearch's reason. */
  FAIL,
  /** The document is left out, counted, and named in a warning. */
  SKIP;

  static DocumentErrorPolicy parse(String name) {
    return switch (name) {
      case "fail" -> FAIL;
      case "skip" -> SKIP;
      default ->
          throw new IllegalArgumentException(
              "on_document_error is '%s'; it must be 'fail' or 'skip'".formatted(name));
    };
  }
}
