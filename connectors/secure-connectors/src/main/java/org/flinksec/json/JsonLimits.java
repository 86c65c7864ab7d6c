// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactoryBuilder;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.StreamReadConstraints;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.StreamReadFeature;

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
  public static final JsonFactory FACTORY = factory(DEPTH);

  /** Objects and arrays within each other in a document that stands within another one. */
  static final int DEPTH_WITHIN = DEPTH - 3;

  /** The parser of documents that go into another one: no name may come twice in an object. */
  static final JsonFactory WITHIN =
      factory(DEPTH_WITHIN).rebuild().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private JsonLimits() {}

  private static JsonFactory factory(int depth) {
    return new JsonFactoryBuilder()
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(depth)
                .maxNumberLength(NUMBER)
                .maxNameLength(NAME)
                .maxStringLength(STRING)
                .build())
        .build();
  }

  /** The limits as a part of a message. */
  static String text() {
    return text(DEPTH);
  }

  /** The same with another depth. */
  static String text(int depth) {
    return "depth %d, numbers of %d characters, names of %d, strings of %d"
        .formatted(depth, NUMBER, NAME, STRING);
  }
}
