// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.apache.flink.types.Row;
import org.flinksec.Capture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What answers need not speak HTTP, nor answer at all. */
class StrangeAnswersTest extends SinkAgainstAFake {
  /** Such a program may send back what it got, with the credentials and the documents. */
  @ParameterizedTest
  @ValueSource(
      strings = {"CANARY\r\n\r\n", "HTTP/9.CANARY 200 OK\r\n\r\n", "HTTP/1.1 CANARY\r\n\r\n"})
  void anAnswerThatIsNotHttpIsNotQuoted(String answer) throws Exception {
    config.put("retry_timeout", "300");
    try (ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Capture contact = new Capture(ElasticsearchSink.class);
        Capture log = new Capture(ElasticsearchSinkWriter.class)) {
      config.put("hosts", "http://localhost:" + socket.getLocalPort());
      Thread server = new Thread(() -> answerAll(socket, answer));
      server.setDaemon(true);
      server.start();
      try (var writer = writer()) {
        write(writer, Row.of("a", 1L));
        assertThatThrownBy(() -> writer.flush(true))
            .satisfies(
                e ->
                    assertThat(sinkFailure(e))
                        .contains("no answer: what comes back is not HTTP")
                        .doesNotContain("CANARY"));
      }
      assertThat(contact.messages()).isNotEmpty();
      assertThat(contact.messages()).noneSatisfy(line -> assertThat(line).contains("CANARY"));
      assertThat(log.messages()).isNotEmpty();
      assertThat(log.messages()).noneSatisfy(line -> assertThat(line).contains("CANARY"));
    }
  }

  @Test
  void aServerThatIsSilentIsToldByTheSettingThatSaysHowLong() throws Exception {
    config.put("retry_timeout", "300");
    config.put("response_timeout", "1000");
    try (var writer = writer()) {
      elasticsearch.delayMillis(2500);
      write(writer, Row.of("a", 1L));
      assertThatThrownBy(() -> writer.flush(true))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .endsWith("no answer: nothing comes within elasticsearch.response_timeout"));
    }
  }

  private static void answerAll(ServerSocket socket, String answer) {
    while (true) {
      try (Socket client = socket.accept()) {
        client.getInputStream().read(new byte[4096]);
        client.getOutputStream().write(answer.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        if (socket.isClosed()) {
          return;
        }
      }
    }
  }
}
