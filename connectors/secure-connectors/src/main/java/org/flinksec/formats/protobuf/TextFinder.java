// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.protobuf;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Utf8;

/** Finds which text of a message is not UTF-8: Protobuf's parser says only that one is. */
final class TextFinder {
  private static final int DEEPEST = 100;

  private TextFinder() {}

  /** The path of the first text that is not UTF-8; null if none is found. */
  static String notUtf8(Descriptor type, byte[] message) {
    try {
      return find(type, message, 0);
    } catch (IOException e) {
      return null; // it ends too early, or is broken before
    }
  }

  private static String find(Descriptor type, byte[] message, int depth) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(message);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      FieldDescriptor field = type.findFieldByNumber(WireFormat.getTagFieldNumber(tag));
      if (field == null
          || WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED
          || field.isPackable()) {
        in.skipField(tag);
        continue;
      }
      String found = in(field, in.readByteArray(), depth);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static String in(FieldDescriptor field, byte[] value, int depth) throws IOException {
    String name = field.getName();
    if (field.getType() == FieldDescriptor.Type.STRING) {
      return isUtf8(value) ? null : name;
    }
    if (field.getType() != FieldDescriptor.Type.MESSAGE || depth >= DEEPEST) {
      return null;
    }
    String inner = find(field.getMessageType(), value, depth + 1);
    return inner == null ? null : name + "." + (field.isMapField() ? "*" : inner);
  }

  private static boolean isUtf8(byte[] value) {
    try {
      Utf8.text(value);
      return true;
    } catch (BadValueException e) {
      return false;
    }
  }
}
