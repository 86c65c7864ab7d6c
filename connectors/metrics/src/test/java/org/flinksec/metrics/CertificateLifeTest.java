// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateLifeTest {
  private static final long DAY = Duration.ofDays(1).toSeconds();
  private static final long MINUTES = 600;

  @TempDir Path dir;

  @Test
  void ofAStoreAndOfPemTheEndIsTheSame() throws Exception {
    Path store = Certificates.store(dir.resolve("store"), "a", "-1d", 11);
    Path password = Files.writeString(dir.resolve("password"), Certificates.PASSWORD + "\n");
    Path pem = Files.writeString(dir.resolve("pem"), Certificates.pem(store, "a"));
    for (CertificateLife life : new CertificateLife[] {life(store, password), life(pem, null)}) {
      life.look();
      assertThat(life.isReadable()).isTrue();
      assertThat(life.secondsLeft()).isCloseTo(10 * DAY, within(MINUTES));
    }
  }

  @Test
  void anEndedCertificateHasLessThanNothingLeft() throws Exception {
    Path store = Certificates.store(dir.resolve("store"), "a", "-3d", 1);
    Path pem = Files.writeString(dir.resolve("pem"), Certificates.pem(store, "a"));
    CertificateLife life = life(pem, null);
    life.look();
    assertThat(life.secondsLeft()).isCloseTo(-2 * DAY, within(MINUTES));
  }

  @Test
  void ofTrustedOnesTheLastCountsAndOfAChainTheFirst() throws Exception {
    String both =
        Certificates.pem(Certificates.store(dir.resolve("1"), "a", "-1d", 3), "a")
            + Certificates.pem(Certificates.store(dir.resolve("2"), "a", "-1d", 9), "a");
    Path pem = Files.writeString(dir.resolve("pem"), both);
    CertificateLife trusted = new CertificateLife(certificates(true, pem, null), Clock.systemUTC());
    trusted.look();
    assertThat(trusted.secondsLeft()).isCloseTo(8 * DAY, within(MINUTES));
    CertificateLife own = life(pem, null);
    own.look();
    assertThat(own.secondsLeft()).isCloseTo(2 * DAY, within(MINUTES));
  }

  @Test
  void aFileThatCannotBeReadIsToldAndReadWhenItCan() throws Exception {
    Path store = Certificates.store(dir.resolve("store"), "a", "-1d", 11);
    Path pem = dir.resolve("pem");
    CertificateLife life = life(pem, null);
    life.look();
    assertThat(life.isReadable()).isFalse();
    assertThat(life.secondsLeft()).isZero();
    Files.writeString(pem, "no certificate");
    life.look();
    assertThat(life.isReadable()).isFalse();
    Files.writeString(pem, Certificates.pem(store, "a"));
    life.look();
    assertThat(life.isReadable()).isTrue();
    assertThat(life.secondsLeft()).isPositive();
    Files.delete(pem);
    life.look();
    assertThat(life.isReadable()).isFalse();
    assertThat(life.secondsLeft()).isPositive();
  }

  @Test
  void aRenewedFileIsReadAgain() throws Exception {
    Path pem = dir.resolve("pem");
    Path before = Certificates.store(dir.resolve("1"), "a", "-1d", 3);
    Files.writeString(pem, Certificates.pem(before, "a"));
    CertificateLife life = life(pem, null);
    life.look();
    Path after = Certificates.store(dir.resolve("2"), "a", "-1d", 101);
    Files.writeString(pem, Certificates.pem(after, "a"));
    Files.setLastModifiedTime(pem, FileTime.fromMillis(1));
    life.look();
    assertThat(life.secondsLeft()).isCloseTo(100 * DAY, within(MINUTES));
  }

  private static CertificateLife life(Path file, Path password) {
    return new CertificateLife(certificates(false, file, password), Clock.systemUTC());
  }

  private static Watched.Certificates certificates(boolean trusted, Path file, Path password) {
    return new Watched.Certificates("a.setting", trusted, file, password);
  }
}
