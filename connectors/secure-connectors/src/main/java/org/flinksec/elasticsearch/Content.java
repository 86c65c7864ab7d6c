// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.Serializable;
import java.util.List;
import org.flinksec.https.FlatSettings;

/**
 * Which fields of a record are in its document.
 *
 * @param excluded those that never are
 * @param omitNulls whether those that are null are not: an update then leaves them as they are
 */
record Content(List<String> excluded, boolean omitNulls) implements Serializable {
  static Content take(FlatSettings flat) {
    String excluded = flat.optional("exclude", "");
    return new Content(
        excluded.isEmpty() ? List.of() : List.of(excluded.split("\n")),
        flat.flag("omit_nulls", false));
  }
}
