// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

/** A value of a record cannot be read or written: where it stands, and why, without the value. */
final class ValueException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String path;
  private final String why;

  /**
   * @param why what is wrong, as the rest of a sentence: {@code is null, which its type …}
   */
  ValueException(String why) {
    this("", why);
  }

  private ValueException(String path, String why) {
    super(why, null, false, false);
    this.path = path;
    this.why = why;
  }

  /** The same below a field, {@code name}, in a list, {@code []}, or in a dict, {@code {}}. */
  ValueException in(String step) {
    boolean dotted = !path.isEmpty() && !path.startsWith("[") && !path.startsWith("{");
    return new ValueException(step + (dotted ? "." : "") + path, why);
  }

  /** Whatever was thrown while a value was read, with nothing that quotes the value. */
  static ValueException of(Throwable thrown) {
    if (thrown instanceof ValueException ours) {
      return ours;
    }
    return new ValueException(
        "cannot be read (%s): the bytes are not what their schema says"
            .formatted(thrown.getClass().getSimpleName()));
  }

  /** One sentence. */
  String sentence() {
    return path.isEmpty() ? "the record " + why : "field '%s' %s".formatted(path, why);
  }
}
