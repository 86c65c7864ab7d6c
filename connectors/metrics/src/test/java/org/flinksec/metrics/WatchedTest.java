// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class WatchedTest {
  @Test
  void eachKindOfLineIsRead() {
    Watched watched =
        Watched.of(
            "own\tcluster.tls.rest\t/a/keystore.p12\t/a/password\n"
                + "trusted\tkafka.ca_certs\t/b.pem\t\n"
                + "keytab\tkerberos\tflink@A\t/k\n"
                + "tickets\tkerberos.east\tflink@B\t/t\n"
                + "savepoints\tsealed+file:///s");
    assertThat(watched.certificates())
        .containsExactly(
            new Watched.Certificates(
                "cluster.tls.rest", false, Path.of("/a/keystore.p12"), Path.of("/a/password")),
            new Watched.Certificates("kafka.ca_certs", true, Path.of("/b.pem"), null));
    assertThat(watched.logins())
        .containsExactly(
            new Watched.Login("kerberos", "flink@A", true, Path.of("/k")),
            new Watched.Login("kerberos.east", "flink@B", false, Path.of("/t")));
    assertThat(watched.savepoints()).isEqualTo("sealed+file:///s");
    assertThat(Watched.of("").certificates()).isEmpty();
  }

  @Test
  void anUnknownKindIsNotPassedOver() {
    assertThatThrownBy(() -> Watched.of("else\ta"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("else");
  }
}
