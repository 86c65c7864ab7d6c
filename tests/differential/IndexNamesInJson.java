// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/** What is wrong with names of indices, for tests in Python. */
public final class IndexNamesInJson {
  private IndexNamesInJson() {}

  /** For each name its problem, empty for none, and whether this JVM's Unicode has all of it. */
  public static List<Map<String, Object>> judged(JsonNode names) {
    List<Map<String, Object>> judged = new ArrayList<>();
    for (JsonNode name : names) {
      String problem = IndexNames.problem(name.textValue());
      judged.add(
          Map.of(
              "problem", problem == null ? "" : problem,
              "known", name.textValue().codePoints().allMatch(Character::isDefined)));
    }
    return judged;
  }

  /** For each name or pattern what a table makes of it: pieces and contact, or a refusal. */
  public static List<Map<String, Object>> read(JsonNode names) {
    List<Map<String, Object>> read = new ArrayList<>();
    for (JsonNode name : names) {
      try {
        IndexName found = IndexName.parse(name.textValue());
        String pieces = found.pieces() == null ? "" : found.pieces();
        read.add(Map.of("pieces", pieces, "contact", found.contact()));
      } catch (IllegalArgumentException e) {
        read.add(Map.of("refused", e.getMessage()));
      }
    }
    return read;
  }
}
