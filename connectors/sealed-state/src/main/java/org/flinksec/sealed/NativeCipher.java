// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Provider;
import org.apache.flink.configuration.ReadableConfig;
import org.flinksec.sealed.format.CipherChoice;

/**
 * Conscrypt's cipher (BoringSSL), where the configuration names it.
 *
 * <p>It is looked for in this plugin's own class loader, and is nobody else's provider.
 *
 * @see <a href="https://github.com/google/conscrypt">github.com/google/conscrypt</a>
 */
final class NativeCipher {
  private static final String JDK = "jdk";
  private static final String CONSCRYPT = "conscrypt";

  /** Read once, when Conscrypt's loader of libraries is loaded. */
  private static final String WORK_DIRECTORY = "org.conscrypt.native.workdir";

  private static Provider loaded;

  /** What was named cannot be had. The message begins with the option. */
  static final class UnusableException extends Exception {
    UnusableException(String message, Throwable cause) {
      super(SealedOptions.CIPHER.key() + ": " + message, cause);
    }
  }

  private NativeCipher() {}

  /**
   * Lets this process have the cipher that is named; tells what it is.
   *
   * @throws UnusableException if it cannot be had: nothing stands in for it
   */
  static synchronized String choose(ReadableConfig config) throws UnusableException {
    String wanted = config.get(SealedOptions.CIPHER);
    switch (wanted) {
      case JDK:
        CipherChoice.use(CipherChoice.JDK);
        return "this Java's own cipher";
      case CONSCRYPT:
        loaded = loaded == null ? load(config.get(SealedOptions.NATIVE_DIRECTORY)) : loaded;
        CipherChoice.use(CipherChoice.of(loaded));
        return "Conscrypt";
      default:
        throw new UnusableException("'%s' is none of jdk, conscrypt".formatted(wanted), null);
    }
  }

  private static Provider load(String directory) throws UnusableException {
    String before = System.getProperty(WORK_DIRECTORY);
    // Conscrypt would take the temporary directory in its place.
    if (directory != null && !Files.isWritable(Path.of(directory))) {
      throw cannotLoad(directory, "it is not there, or cannot be written", null);
    }
    if (directory != null) {
      System.setProperty(WORK_DIRECTORY, directory);
    }
    try {
      Class<?> conscrypt = Class.forName("org.conscrypt.Conscrypt");
      conscrypt.getMethod("checkAvailability").invoke(null);
      return (Provider) conscrypt.getMethod("newProvider").invoke(null);
    } catch (ClassNotFoundException e) {
      throw new UnusableException("conscrypt's jar is not beside this plugin's", e);
    } catch (InvocationTargetException e) {
      throw cannotLoad(
          directory == null ? System.getProperty("java.io.tmpdir") : directory, rootMessage(e), e);
    } catch (ReflectiveOperationException e) {
      throw new UnusableException("this is no conscrypt that is known here", e);
    } finally {
      if (directory != null && before == null) {
        System.clearProperty(WORK_DIRECTORY);
      } else if (directory != null) {
        System.setProperty(WORK_DIRECTORY, before);
      }
    }
  }

  private static UnusableException cannotLoad(String directory, String why, Throwable cause) {
    return new UnusableException(
        "conscrypt's native library cannot be loaded from %s (%s): set %s to a directory that"
                .formatted(directory, why, SealedOptions.NATIVE_DIRECTORY.key())
            + " exists, may be written, and is on no volume mounted with noexec, or use jdk",
        cause);
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse("");
  }
}
