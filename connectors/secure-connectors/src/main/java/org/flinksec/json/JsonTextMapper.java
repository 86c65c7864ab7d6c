// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;

/** Requires that strings are JSON objects, and makes a line of each, for a sink of lines. */
public final class JsonTextMapper
    implements MapFunction<String, String>, ResultTypeQueryable<String> {
  private static final long serialVersionUID = 1L;

  private final String target;
  private final JsonText text = new JsonText();

  private JsonTextMapper(String target) {
    this.target = target;
  }

  /**
   * @param target what the strings go to, for messages
   */
  public static JsonTextMapper of(String target) {
    return new JsonTextMapper(target);
  }

  @Override
  public String map(String json) throws JsonDecodingException {
    try {
      return text.read(json).line();
    } catch (JsonDecodingException e) {
      throw new JsonDecodingException(
          "a string for %s cannot be written: %s".formatted(target, e.getMessage()));
    }
  }

  @Override
  public TypeInformation<String> getProducedType() {
    return Types.STRING;
  }
}
