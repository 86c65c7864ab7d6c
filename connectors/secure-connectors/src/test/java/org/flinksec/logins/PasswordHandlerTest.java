// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.scram.ScramExtensionsCallback;
import org.flinksec.secrets.SecretText;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PasswordHandlerTest {
  @TempDir Path directory;

  @Test
  void readsThePasswordAtEachLogin() throws Exception {
    PasswordHandler handler = handler("first\n");
    assertThat(password(handler)).isEqualTo("first");
    Files.writeString(file(), "second");
    assertThat(password(handler)).isEqualTo("second");
  }

  @Test
  void takesAnyTextForAPasswordButForOneLineBreakAtItsEnd() throws Exception {
    String odd = "quote\" back\\slash ${env:HOME} ä \n\n";
    PasswordHandler handler = handler(odd + "\r\n");
    assertThat(password(handler)).isEqualTo(odd);
  }

  @Test
  void saysWhoTheUserIsAndLeavesTheRestToKafka() throws Exception {
    NameCallback name = new NameCallback("user: ");
    PasswordHandler handler = handler("x");
    handler.handle(new Callback[] {name});
    assertThat(name.getName()).isEqualTo("flink");
    assertThatThrownBy(() -> handler.handle(new Callback[] {new ScramExtensionsCallback()}))
        .isInstanceOf(UnsupportedCallbackException.class);
  }

  @Test
  void namesTheSettingOfAFileThatCannotBeUsedAndNothingOfItsContent() throws Exception {
    PasswordHandler handler = handler("canary");
    assertRefused(handler, new byte[0], "kafka.password: the file %s is empty");
    assertRefused(handler, new byte[] {'\n'}, "kafka.password: the file %s is empty");
    assertRefused(
        handler,
        "canary\u00ff".getBytes(StandardCharsets.ISO_8859_1),
        "kafka.password: %s is not UTF-8 text");
    assertRefused(handler, new byte[SecretText.MOST_BYTES + 1], "kafka.password: %s is too large");
    Files.delete(file());
    assertThatThrownBy(() -> password(handler))
        .hasMessage("kafka.password: there is no file " + file())
        .hasNoCause();
    Files.createDirectory(file());
    assertThatThrownBy(() -> password(handler))
        .hasMessage("kafka.password: %s is no regular file".formatted(file()));
  }

  private void assertRefused(PasswordHandler handler, byte[] content, String message)
      throws IOException {
    Files.write(file(), content);
    assertThatThrownBy(() -> password(handler))
        .isInstanceOf(UnusableLoginException.class)
        .hasMessage(message.formatted(file()))
        .hasNoCause();
  }

  private PasswordHandler handler(String password) throws IOException {
    Files.writeString(file(), password);
    Map<String, String> options =
        Map.of("username", "flink", "passwordFile", file().toString(), "section", "kafka");
    PasswordHandler handler = new PasswordHandler();
    handler.configure(
        Map.of(),
        "SCRAM-SHA-512",
        List.of(new AppConfigurationEntry("m", LoginModuleControlFlag.REQUIRED, options)));
    return handler;
  }

  private static String password(PasswordHandler handler) throws Exception {
    PasswordCallback asked = new PasswordCallback("password: ", false);
    handler.handle(new Callback[] {asked});
    return new String(asked.getPassword());
  }

  private Path file() {
    return directory.resolve("password");
  }
}
