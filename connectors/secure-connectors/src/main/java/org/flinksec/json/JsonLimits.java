// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactoryBuilder;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.StreamReadConstraints;

/** How deep and how long the parts of a document may be, so that none takes down its reader. */
public final class JsonLimits {
  /** Objects and arrays within each other. */
  static final int DEPTH = 1000;

  /** Characters of a number. */
  static final int NUMBER = 1000;

  /** Characters of a field's name. */
  static final int NAME = 50_000;

  /** Characters of a string. */
  static final int STRING = 20_000_000;

  /** The parser of all documents. */
  public static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH)
                  .maxNumberLength(NUMBER)
                  .maxNameLength(NAME)
                  .maxStringLength(STRING)
                  .build())
          .build();

  private JsonLimits() {}

  /** The limits as a part of a message. */
  static String text() {
    return "depth %d, numbers of %d characters, names of %d, strings of %d"
        .formatted(DEPTH, NUMBER, NAME, STRING);
  }
}
