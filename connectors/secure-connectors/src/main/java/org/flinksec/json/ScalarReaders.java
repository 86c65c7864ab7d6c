// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.exc.StreamReadException;
import org.flinksec.rows.Scalars;
import org.flinksec.rows.Shape;

/** Readers of the values that are no containers. */
final class ScalarReaders {
  /** Beyond this, a double no longer tells neighbouring whole numbers apart. */
  private static final double MAX_EXACT = 9_007_199_254_740_992.0;

  private ScalarReaders() {}

  static String string(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw ValueReader.mismatch(parser, "a string");
    }
    return parser.getText();
  }

  static Boolean bool(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case VALUE_TRUE -> Boolean.TRUE;
      case VALUE_FALSE -> Boolean.FALSE;
      default -> throw ValueReader.mismatch(parser, "a boolean");
    };
  }

  static Double floating(JsonParser parser) throws IOException {
    if (!parser.currentToken().isNumeric()) {
      throw ValueReader.mismatch(parser, "a number");
    }
    double value = parser.getDoubleValue();
    if (Double.isInfinite(value)) {
      throw ValueReader.invalid(parser, "is a number too large for a double");
    }
    return value;
  }

  static Integer integer(JsonParser parser) throws IOException {
    long value = longInteger(parser);
    if (value != (int) value) {
      throw ValueReader.invalid(parser, "is a whole number outside the 32-bit range");
    }
    return (int) value;
  }

  static Long longInteger(JsonParser parser) throws IOException {
    switch (parser.currentToken()) {
      case VALUE_NUMBER_INT:
        return wholeNumber(parser);
      case VALUE_NUMBER_FLOAT:
        double value = parser.getDoubleValue();
        if (Math.abs(value) <= MAX_EXACT && isExactly(parser.getDecimalValue(), (long) value)) {
          return (long) value;
        }
        throw ValueReader.mismatch(parser, "a whole number");
      default:
        throw ValueReader.mismatch(parser, "a whole number");
    }
  }

  /** A double near 2^53 has lost the fraction that the text has. */
  private static boolean isExactly(BigDecimal text, long value) {
    return text.compareTo(BigDecimal.valueOf(value)) == 0;
  }

  private static long wholeNumber(JsonParser parser) throws IOException {
    try {
      return parser.getLongValue();
    } catch (StreamReadException e) {
      throw ValueReader.invalid(parser, "is a whole number outside the 64-bit range");
    }
  }

  static Instant instant(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
      long millis = wholeNumber(parser);
      return scalar(parser, () -> Scalars.instant(millis));
    }
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw ValueReader.mismatch(parser, "an ISO-8601 time or milliseconds since 1970");
    }
    return scalar(parser, () -> Scalars.instant(parser.getText()));
  }

  static LocalDate date(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw ValueReader.mismatch(parser, "an ISO-8601 date");
    }
    return scalar(parser, () -> Scalars.date(parser.getText()));
  }

  static String uuid(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw ValueReader.mismatch(parser, "a UUID in a string");
    }
    return scalar(parser, () -> Scalars.uuid(parser.getText()));
  }

  static BigDecimal decimal(JsonParser parser, Shape shape) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_STRING) {
      return scalar(parser, () -> Scalars.decimal(parser.getText(), shape));
    }
    if (!parser.currentToken().isNumeric()) {
      throw ValueReader.mismatch(parser, "a number");
    }
    BigDecimal value = parser.getDecimalValue();
    return scalar(parser, () -> Scalars.decimal(value, shape));
  }

  static Serializable symbol(JsonParser parser, Shape shape) throws IOException {
    Serializable value = Scalars.isText(shape) ? string(parser) : longInteger(parser);
    return scalar(parser, () -> Scalars.symbol(value, shape));
  }

  /** Reads a scalar, whose problem is told at the parser's place. */
  private interface Read<T> {
    T value() throws Scalars.ScalarException, IOException;
  }

  private static <T> T scalar(JsonParser parser, Read<T> read) throws IOException {
    try {
      return read.value();
    } catch (Scalars.ScalarException e) {
      throw ValueReader.invalid(parser, e.getMessage());
    }
  }

  static byte[] bytes(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw ValueReader.mismatch(parser, "a Base64 string");
    }
    try {
      return parser.getBinaryValue();
    } catch (StreamReadException e) {
      throw ValueReader.invalid(parser, "is not Base64");
    }
  }
}
