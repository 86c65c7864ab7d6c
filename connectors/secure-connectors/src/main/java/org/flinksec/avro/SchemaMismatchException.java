// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

/**
 * A schema does not fit the record class: by which field, and why. Written for the job's author;
 * schemas hold no values of records.
 */
public final class SchemaMismatchException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String path;
  private final String why;

  /**
   * @param why what is wrong, as the rest of a sentence
   */
  SchemaMismatchException(String why) {
    this("", why);
  }

  private SchemaMismatchException(String path, String why) {
    super(path.isEmpty() ? "the record " + why : "field '%s' %s".formatted(path, why));
    this.path = path;
    this.why = why;
  }

  /** The same below a field, {@code name}, in a list, {@code []}, or in a dict, {@code {}}. */
  SchemaMismatchException in(String step) {
    boolean dotted = !path.isEmpty() && !path.startsWith("[") && !path.startsWith("{");
    return new SchemaMismatchException(step + (dotted ? "." : "") + path, why);
  }
}
