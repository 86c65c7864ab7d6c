// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.Set;
import org.flinksec.choices.Choices;
import org.flinksec.rows.Shape;

/** What a source does with a record that has no value: in a compacted topic it ends its key. */
enum Tombstones {
  /** It is read like any other: most formats know no record without a value. */
  FAIL,
  /** It is left out. */
  SKIP,
  /** It is a row of which only what is around the value is filled. */
  ROW;

  static Tombstones parse(String word) {
    return Choices.parse(Tombstones.class, "tombstones", word);
  }

  /**
   * @param elsewhere fields that are not read from the value
   * @throws IllegalArgumentException if a row could not be without a value
   */
  void check(Shape shape, Set<String> elsewhere) {
    if (this != ROW) {
      return;
    }
    for (Shape.Field field : shape.fields()) {
      if (!field.shape().nullable() && !elsewhere.contains(field.name())) {
        throw new IllegalArgumentException(
            "tombstones = \"row\" leaves the field '%s' null; write its type with | None"
                .formatted(field.name()));
      }
    }
  }
}
