// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Certificates for tests, made by the JDK's own keytool, which another party wrote. */
final class Certificates {
  static final String PASSWORD = "a-password";

  private Certificates() {}

  /** A key store of one key, whose certificate lasts some days from a start such as {@code -3d}. */
  static Path store(Path file, String name, String start, int days)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(
        List.of("-genkeypair", "-alias", name, "-keyalg", "EC", "-groupname", "secp256r1"));
    command.addAll(List.of("-dname", "CN=" + name, "-ext", "san=ip:127.0.0.1,dns:localhost"));
    command.addAll(List.of("-startdate", start, "-validity", Integer.toString(days)));
    command.addAll(List.of("-keystore", file.toString(), "-storetype", "PKCS12"));
    command.addAll(List.of("-storepass", PASSWORD));
    Process done = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(done.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (done.waitFor() != 0) {
      throw new IOException(said);
    }
    return file;
  }

  static KeyStore opened(Path file) throws IOException, GeneralSecurityException {
    return KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
  }

  /** The certificate of a store as PEM. */
  static String pem(Path store, String name) throws IOException, GeneralSecurityException {
    Certificate certificate = opened(store).getCertificate(name);
    return block("CERTIFICATE", certificate.getEncoded());
  }

  /** The key of a store as PEM, in PKCS#8. */
  static String key(Path store, String name) throws IOException, GeneralSecurityException {
    return block("PRIVATE KEY", opened(store).getKey(name, PASSWORD.toCharArray()).getEncoded());
  }

  /** Writes what {@link MetricsTls} reads. */
  static Path directory(Path directory, Path own, String ownName, String trusted)
      throws IOException, GeneralSecurityException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("tls.crt"), pem(own, ownName));
    Files.writeString(directory.resolve("tls.key"), key(own, ownName));
    Files.writeString(directory.resolve("ca.crt"), trusted);
    return directory;
  }

  private static String block(String what, byte[] content) {
    String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(what, lines, what);
  }
}
