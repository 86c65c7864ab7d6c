// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.util.Collection;
import java.util.List;

/**
 * Names what may not be null: {@code place}, {@code place.name}, the elements of a list {@code
 * tags[]}, the values of a map {@code counts{}}, and any of these below another: {@code
 * legs[].origin}.
 */
final class RequiredPaths {
  static final String ELEMENTS = "[]";
  static final String VALUES = "{}";
  private static final String FIELD = ".";

  private RequiredPaths() {}

  /** The name of the top-level field that a path starts at. */
  static String firstName(String path) {
    int end = 0;
    while (end < path.length() && ".[{".indexOf(path.charAt(end)) < 0) {
      end++;
    }
    return path.substring(0, end);
  }

  /** What paths ask of the value of a field: steps such as {@code .name} or {@code []}. */
  static List<String> below(Collection<String> paths, String field) {
    return paths.stream()
        .filter(path -> firstName(path).equals(field) && path.length() > field.length())
        .map(path -> path.substring(field.length()))
        .toList();
  }

  /** The paths that a row has to check itself, from the steps that lead to it. */
  static List<String> ofRow(Collection<String> steps) {
    return after(steps, FIELD);
  }

  /** What remains of the steps after the first one, if that is {@code step}. */
  static List<String> after(Collection<String> steps, String step) {
    return steps.stream()
        .filter(path -> path.startsWith(step) && path.length() > step.length())
        .map(path -> path.substring(step.length()))
        .toList();
  }
}
