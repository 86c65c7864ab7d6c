// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.flinksec.sealed.flink.CanaryJob.Place;

/**
 * Looks for the words of a {@link CanaryJob} in every byte of a directory.
 *
 * <p>They are found in UTF-8 and UTF-16, in base64 and hexadecimal of that, and in blocks of Snappy
 * and LZ4, which copy what they have not seen before as it is: no word shares four letters with
 * another, and its ends, which may belong to something seen before, are left out.
 */
final class Canaries {
  /**
   * What lay in a directory. A file that nothing was written to yet does not count.
   *
   * @param keyIds the key-encryption keys that sealed files name
   */
  record Found(Set<Place> words, long files, long plaintextFiles, Set<String> keyIds) {}

  private static final Map<Place, Set<String>> FORMS =
      Stream.of(Place.values()).collect(Collectors.toMap(place -> place, Canaries::formsOf));

  private static final int END = 4;

  private Canaries() {}

  static Found searched(Path directory) throws IOException {
    Set<Place> words = EnumSet.noneOf(Place.class);
    int files = 0;
    int plaintextFiles = 0;
    Set<String> keyIds = new TreeSet<>();
    for (Path file : filesBelow(directory)) {
      byte[] content = contentUnlessGone(file);
      files += content.length > 0 ? 1 : 0;
      plaintextFiles += content.length > 0 && Registered.isPlaintext(content) ? 1 : 0;
      words.addAll(wordsIn(content));
      Registered.keyId(content).ifPresent(keyIds::add);
    }
    return new Found(words, files, plaintextFiles, keyIds);
  }

  static Set<Place> wordsIn(byte[] content) {
    String bytes = new String(content, StandardCharsets.ISO_8859_1);
    return FORMS.entrySet().stream()
        .filter(entry -> entry.getValue().stream().anyMatch(bytes::contains))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static Set<String> formsOf(Place place) {
    String middle = place.word().substring(END, place.word().length() - END);
    return Stream.of(StandardCharsets.UTF_8, StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)
        .map(middle::getBytes)
        .flatMap(Canaries::formsOf)
        .collect(Collectors.toSet());
  }

  private static Stream<String> formsOf(byte[] word) {
    HexFormat hex = HexFormat.of();
    return Stream.concat(
        Stream.of(
            new String(word, StandardCharsets.ISO_8859_1),
            hex.formatHex(word),
            hex.withUpperCase().formatHex(word)),
        Stream.of(0, 1, 2).map(before -> base64(word, before)));
  }

  /** The part of the word's base64 that does not depend on what stands before and after it. */
  private static String base64(byte[] word, int before) {
    byte[] padded = new byte[before + word.length];
    System.arraycopy(word, 0, padded, before, word.length);
    String text = Base64.getEncoder().withoutPadding().encodeToString(padded);
    return text.substring(before == 0 ? 0 : before + 1, padded.length / 3 * 4);
  }

  /** The job still runs: a checkpoint that is given up takes its files and directory away. */
  private static List<Path> filesBelow(Path directory) {
    List<Path> files = new ArrayList<>();
    File[] entries = directory.toFile().listFiles();
    for (File entry : entries == null ? new File[0] : entries) {
      files.addAll(entry.isDirectory() ? filesBelow(entry.toPath()) : List.of(entry.toPath()));
    }
    return files;
  }

  private static byte[] contentUnlessGone(Path file) throws IOException {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return new byte[0];
    }
  }
}
