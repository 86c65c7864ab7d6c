// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.protobuf;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.Map;
import java.util.Set;
import org.flinksec.formats.values.BadValueException;

/**
 * What the parser of Protobuf has put aside: a field that the message type does not know, which is
 * as it should be, or one that it knows and that stands there in another wire type, or with a
 * number that its closed enum does not have. The last two would otherwise pass for a field that is
 * not set.
 */
final class Unread {
  private Unread() {}

  /**
   * @param wanted numbers of the fields that are read
   */
  static void refuse(Message message, Set<Integer> wanted) throws BadValueException {
    Map<Integer, ?> unknown = message.getUnknownFields().asMap();
    if (unknown.isEmpty()) {
      return;
    }
    for (Integer number : unknown.keySet()) {
      if (wanted.contains(number)) {
        FieldDescriptor field = message.getDescriptorForType().findFieldByNumber(number);
        throw new BadValueException(problem(field)).in(field.getName());
      }
    }
  }

  private static String problem(FieldDescriptor field) {
    return field.getJavaType() == FieldDescriptor.JavaType.ENUM
        ? "has a number that its enum does not know, or another wire type"
        : "has another wire type than the message declares";
  }
}
