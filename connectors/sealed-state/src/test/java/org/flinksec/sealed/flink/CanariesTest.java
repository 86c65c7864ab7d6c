// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.NettyShuffleEnvironmentOptions.CompressionCodec;
import org.apache.flink.runtime.io.compression.BlockCompressionFactory;
import org.apache.flink.runtime.io.compression.BlockCompressor;
import org.flinksec.sealed.flink.CanaryJob.Place;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xerial.snappy.Snappy;

/** The search finds what it is for, however it is written. */
class CanariesTest {
  private static final Set<Place> ALL = EnumSet.allOf(Place.class);
  private static final String TEXT =
      Stream.of(Place.values()).map(Place::word).collect(Collectors.joining(" and "));

  @Test
  void everyEncodingOfAWordIsFound() throws Exception {
    for (byte[] bytes :
        new byte[][] {TEXT.getBytes(UTF_8), TEXT.getBytes(UTF_16LE), TEXT.getBytes(UTF_16BE)}) {
      assertThat(Canaries.wordsIn(bytes)).isEqualTo(ALL);
      assertThat(Canaries.wordsIn(HexFormat.of().formatHex(bytes).getBytes(UTF_8))).isEqualTo(ALL);
      for (int before = 0; before < 3; before++) {
        byte[] shifted = new byte[before + bytes.length];
        System.arraycopy(bytes, 0, shifted, before, bytes.length);
        assertThat(Canaries.wordsIn(Base64.getEncoder().encode(shifted))).isEqualTo(ALL);
      }
    }
  }

  @Test
  void aWordIsFoundInWhatSnappyCompressed() throws Exception {
    assertThat(Canaries.wordsIn(Snappy.compress((TEXT + TEXT).getBytes(UTF_8)))).isEqualTo(ALL);
  }

  @ParameterizedTest
  @EnumSource(value = CompressionCodec.class, names = "LZ4")
  void aWordIsFoundInWhatFlinkCompressed(CompressionCodec codec) {
    byte[] text = (TEXT + TEXT).getBytes(UTF_8);
    BlockCompressor compressor =
        BlockCompressionFactory.createBlockCompressionFactory(codec).getCompressor();
    byte[] compressed = new byte[compressor.getMaxCompressedSize(text.length)];
    int length = compressor.compress(text, 0, text.length, compressed, 0);
    assertThat(length).isLessThan(text.length);
    assertThat(Canaries.wordsIn(Arrays.copyOf(compressed, length))).isEqualTo(ALL);
  }

  @Test
  void nothingIsFoundWhereNothingIs() {
    byte[] bytes = new byte[1 << 20];
    new Random(1).nextBytes(bytes);
    assertThat(Canaries.wordsIn(bytes)).isEmpty();
  }

  @Test
  void noWordSharesFourLettersWithAnother() {
    for (Place one : ALL) {
      for (int i = 0; i + 4 <= one.word().length(); i++) {
        String four = one.word().substring(i, i + 4);
        assertThat(ALL.stream().filter(other -> other.word().contains(four))).containsExactly(one);
      }
    }
  }
}
