// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys.pkcs11;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Provider;
import java.security.ProviderException;
import java.security.Security;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.flinksec.sealed.keys.KeyException;
import org.flinksec.sealed.keys.KeysUnavailableException;

/**
 * The JDK's provider {@code SunPKCS11}, set up for one token.
 *
 * <p>It finds a token by its slot only and shows labels nowhere but in what it prints on request
 * ({@code showInfo}), so that is what is read here. The provider is not registered in the JVM.
 */
final class SunPkcs11 {
  /** A provider for one slot, and the token in it. */
  record Found(Provider provider, TokenInfo token) {}

  private record Setup(Provider provider, ProviderException failure, String printed) {}

  private static final AtomicInteger COUNT = new AtomicInteger();

  private SunPkcs11() {}

  /**
   * @throws KeysUnavailableException if the module or the token is missing
   */
  static synchronized Found find(TokenAddress address) throws KeyException {
    Path module = address.module();
    if (!Files.isRegularFile(module)) {
      throw new KeysUnavailableException(
          "the PKCS#11 module %s does not exist: install the library of the token's maker"
              .formatted(module));
    }
    if (address.slot() != null) {
      Setup setup = setUp(module, "slot = " + address.slot());
      return TokenInfo.of(setup.printed)
          .filter(token -> setup.provider != null && token.isInitialized())
          .map(token -> new Found(setup.provider, token))
          .orElseThrow(() -> noToken(address, setup, List.of()));
    }
    return byLabel(address);
  }

  private static Found byLabel(TokenAddress address) throws KeyException {
    Setup first = setUp(address.module(), "slotListIndex = 0");
    List<Found> found = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    for (long slot : TokenInfo.slots(first.printed)) {
      Setup setup = setUp(address.module(), "slot = " + slot);
      TokenInfo token = TokenInfo.of(setup.printed).orElse(null);
      if (token == null || !token.isInitialized() || setup.provider == null) {
        continue;
      }
      labels.add("'" + token.label() + "'");
      if (token.label().equals(address.label())) {
        found.add(new Found(setup.provider, token));
      }
    }
    if (found.size() > 1) {
      throw new KeysUnavailableException(
          address + ": several tokens have this label, name its slot");
    }
    if (found.isEmpty()) {
      throw noToken(address, first, labels);
    }
    return found.get(0);
  }

  private static KeysUnavailableException noToken(
      TokenAddress address, Setup setup, List<String> labels) {
    String why = labels.isEmpty() ? "" : "; the module has " + String.join(", ", labels);
    if (labels.isEmpty() && setup.failure != null) {
      why = "; " + rootOf(setup.failure);
    }
    return new KeysUnavailableException(address + ": there is no such token" + why, setup.failure);
  }

  private static Setup setUp(Path module, String slot) throws KeyException {
    Provider plain = Security.getProvider("SunPKCS11");
    if (plain == null) {
      throw new KeysUnavailableException(
          "this Java (%s) lacks the module jdk.crypto.cryptoki, which PKCS#11 needs"
              .formatted(System.getProperty("java.home")));
    }
    String name = "flinksec" + COUNT.incrementAndGet();
    String config =
        "--name = %s\nlibrary = %s\n%s\nshowInfo = true\n".formatted(name, module, slot);
    Provider[] provider = new Provider[1];
    ProviderException[] failure = new ProviderException[1];
    String printed =
        printedBy(
            () -> {
              try {
                provider[0] = plain.configure(config);
              } catch (ProviderException e) {
                failure[0] = e;
              }
            });
    return new Setup(provider[0], failure[0], printed);
  }

  /** What this thread prints meanwhile; other threads print as ever. */
  private static String printedBy(Runnable action) {
    PrintStream original = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    ThreadOutput output = new ThreadOutput(Thread.currentThread(), printed, original);
    PrintStream routed = new PrintStream(output, true, Charset.defaultCharset());
    System.setOut(routed);
    try {
      action.run();
    } finally {
      routed.flush();
      output.owner = null;
      if (System.out == routed) {
        System.setOut(original);
      }
    }
    return printed.toString(Charset.defaultCharset());
  }

  /** Sends what one thread prints to one place, and everything else to another. */
  private static final class ThreadOutput extends OutputStream {
    private volatile Thread owner;
    private final OutputStream own;
    private final OutputStream others;

    ThreadOutput(Thread owner, OutputStream own, OutputStream others) {
      this.owner = owner;
      this.own = own;
      this.others = others;
    }

    private OutputStream out() {
      return Thread.currentThread() == owner ? own : others;
    }

    @Override
    public void write(int b) throws IOException {
      out().write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out().write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
      out().flush();
    }
  }

  /** The first cause's message: what the token or its module said, such as CKR_DEVICE_REMOVED. */
  static String rootOf(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
  }
}
