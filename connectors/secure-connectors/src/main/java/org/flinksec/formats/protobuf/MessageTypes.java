// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.protobuf;

import com.google.protobuf.AnyProto;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.Edition;
import com.google.protobuf.DescriptorProtos.FeatureSet.Utf8Validation;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DurationProto;
import com.google.protobuf.EmptyProto;
import com.google.protobuf.FieldMaskProto;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.StructProto;
import com.google.protobuf.TimestampProto;
import com.google.protobuf.WrappersProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.flinksec.formats.FormatException;

/**
 * The message types of a descriptor file, which is a {@code FileDescriptorSet}, as {@code protoc
 * --include_imports --descriptor_set_out} writes it.
 *
 * <p>Their texts are read as strict UTF-8, which proto2 and some editions do not ask for.
 */
final class MessageTypes {
  /** What protoc itself brings, and a descriptor file may therefore lack. */
  private static final Map<String, FileDescriptor> WELL_KNOWN =
      Stream.of(
              TimestampProto.getDescriptor(),
              DurationProto.getDescriptor(),
              WrappersProto.getDescriptor(),
              StructProto.getDescriptor(),
              AnyProto.getDescriptor(),
              EmptyProto.getDescriptor(),
              FieldMaskProto.getDescriptor())
          .collect(Collectors.toMap(FileDescriptor::getName, Function.identity()));

  private final Map<String, FileDescriptorProto> files = new HashMap<>();
  private final Map<String, FileDescriptor> built = new HashMap<>();
  private final Set<String> underWay = new HashSet<>();

  private MessageTypes(FileDescriptorSet set) {
    set.getFileList().forEach(file -> files.put(file.getName(), file));
  }

  /**
   * Finds a message type.
   *
   * @param set the content of a descriptor file
   * @param message its full name, with the package
   * @throws IllegalArgumentException if it is no such file, or does not have the message
   */
  static Descriptor find(byte[] set, String message) {
    MessageTypes types;
    try {
      types = new MessageTypes(FileDescriptorSet.parseFrom(set));
    } catch (InvalidProtocolBufferException e) {
      throw new FormatException(
          "the descriptor file is no FileDescriptorSet, as protoc --descriptor_set_out writes it");
    }
    List<Descriptor> all = new ArrayList<>();
    for (String name : types.files.keySet()) {
      types.file(name, name).getMessageTypes().forEach(type -> add(type, all));
    }
    return all.stream()
        .filter(type -> type.getFullName().equals(message))
        .findFirst()
        .orElseThrow(() -> new FormatException(unknown(message, all)));
  }

  private static void add(Descriptor type, List<Descriptor> all) {
    if (!type.getOptions().getMapEntry()) {
      all.add(type);
      type.getNestedTypes().forEach(inner -> add(inner, all));
    }
  }

  private static String unknown(String message, List<Descriptor> all) {
    Set<String> names =
        all.stream().map(Descriptor::getFullName).collect(Collectors.toCollection(TreeSet::new));
    return "the descriptor file has no message '%s'; it has: %s"
        .formatted(message, names.isEmpty() ? "none" : String.join(", ", names));
  }

  private FileDescriptor file(String name, String importedBy) {
    FileDescriptor known = built.get(name);
    if (known != null) {
      return known;
    }
    FileDescriptorProto proto = files.get(name);
    if (proto == null && WELL_KNOWN.containsKey(name)) {
      return WELL_KNOWN.get(name);
    }
    if (proto == null) {
      throw new FormatException(
          "%s imports %s, which the descriptor file lacks; write it with protoc --include_imports"
              .formatted(importedBy, name));
    }
    if (!underWay.add(name)) {
      throw new FormatException("the descriptor file's %s imports itself".formatted(name));
    }
    FileDescriptor[] imported =
        proto.getDependencyList().stream()
            .map(dependency -> file(dependency, name))
            .toArray(FileDescriptor[]::new);
    try {
      FileDescriptor made = FileDescriptor.buildFrom(strict(proto), imported);
      built.put(name, made);
      return made;
    } catch (DescriptorValidationException e) {
      throw new FormatException("the descriptor file is not consistent: " + e.getMessage());
    }
  }

  /** The file with every text in UTF-8, whatever its syntax says. */
  private static FileDescriptorProto strict(FileDescriptorProto file) {
    FileDescriptorProto.Builder made = file.toBuilder();
    if (file.getEdition() == Edition.EDITION_UNKNOWN) {
      made.getOptionsBuilder().setJavaStringCheckUtf8(true);
      return made.build();
    }
    made.getOptionsBuilder().getFeaturesBuilder().setUtf8Validation(Utf8Validation.VERIFY);
    made.getMessageTypeBuilderList().forEach(MessageTypes::strict);
    made.getExtensionBuilderList().forEach(MessageTypes::strict);
    return made.build();
  }

  private static void strict(DescriptorProto.Builder message) {
    message.getFieldBuilderList().forEach(MessageTypes::strict);
    message.getExtensionBuilderList().forEach(MessageTypes::strict);
    message.getNestedTypeBuilderList().forEach(MessageTypes::strict);
  }

  private static void strict(FieldDescriptorProto.Builder field) {
    if (field.getOptions().getFeatures().hasUtf8Validation()) {
      field.getOptionsBuilder().getFeaturesBuilder().clearUtf8Validation();
    }
  }
}
