// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lengths and offsets, beyond what an int holds and at the format's limits. */
class LayoutTest {
  private static final long LARGEST = Layout.MAX_CHUNKS * Layout.CHUNK - 1;

  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        1,
        16383,
        16384,
        16385,
        Integer.MAX_VALUE,
        1L << 31,
        1L << 32,
        (1L << 32) + 1,
        1L << 40,
        LARGEST
      })
  void aPlaintextLengthSurvivesTheWayThroughTheFileLength(long length) {
    assertThat(Layout.plaintextLength(Layout.fileLength(length))).isEqualTo(length);
    assertThat(Layout.claimedLength(Layout.fileLength(length))).isEqualTo(length);
  }

  @Test
  void lengthsOfNoWholeFileAreRefused() {
    for (long length : new long[] {0, 1023, 1079, 1080, 1095, 1080 + 16400, 1080 + 16400 + 15}) {
      assertThat(Layout.plaintextLength(length)).as("length " + length).isEqualTo(-1);
    }
    assertThat(Layout.plaintextLength(Layout.fileLength(LARGEST + 1))).isEqualTo(-1);
    assertThat(Layout.plaintextLength(Long.MAX_VALUE)).isEqualTo(-1);
  }

  @Test
  void chunksLieWhereTheSpecificationSays() {
    assertThat(Layout.chunkOffset(0)).isEqualTo(1080);
    assertThat(Layout.chunkOffset(1)).isEqualTo(17480);
    assertThat(Layout.chunkOffset(1L << 18)).isEqualTo(1080 + 16400L * (1L << 18));
  }
}
