// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.exc.StreamReadException;

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
      return Instant.ofEpochMilli(wholeNumber(parser));
    }
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw ValueReader.mismatch(parser, "an ISO-8601 time or milliseconds since 1970");
    }
    try {
      return DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(parser.getText(), Instant::from);
    } catch (DateTimeException e) {
      throw ValueReader.invalid(
          parser, "is not an ISO-8601 time with an offset, such as 2013-01-01T10:00:00Z");
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
