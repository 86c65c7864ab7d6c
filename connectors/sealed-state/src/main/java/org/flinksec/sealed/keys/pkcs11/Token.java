// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys.pkcs11;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.Provider;
import java.security.ProviderException;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.security.auth.login.FailedLoginException;
import org.flinksec.sealed.format.KeySlot;
import org.flinksec.sealed.keys.BlockKwp.Block;
import org.flinksec.sealed.keys.KeyException;
import org.flinksec.sealed.keys.KeysUnavailableException;
import org.flinksec.sealed.keys.PrivateFiles;

/** A token that was logged in to, once for the process: PKCS#11 knows one login per process. */
final class Token {
  private static final Map<TokenAddress, Token> OPEN = new HashMap<>();
  private static final Set<TokenAddress> REFUSED = new HashSet<>();
  private static final int PIN_LIMIT = 1024;

  /** Java 17 counts the bits of a token's key in bytes. */
  private static final Pattern BITS = Pattern.compile(" (\\d+) bits");

  private static final Set<String> AES_256 = Set.of("256", "32");

  private final TokenAddress address;
  private final Provider provider;
  private final KeyStore keys;

  private Token(TokenAddress address, Provider provider) throws KeyException {
    this.address = address;
    this.provider = provider;
    try {
      this.keys = KeyStore.getInstance("PKCS11", provider);
    } catch (GeneralSecurityException e) {
      throw new KeysUnavailableException(address + ": it offers no keys", e);
    }
  }

  /**
   * The token, logged in.
   *
   * @throws KeyException if the PIN is wrong; it is tried once, and never on a token that it would
   *     lock
   * @throws KeysUnavailableException if the module or the token is missing
   */
  static Token at(TokenAddress address) throws KeyException {
    synchronized (OPEN) {
      Token token = OPEN.get(address);
      if (token == null) {
        SunPkcs11.Found found = SunPkcs11.find(address);
        refuseIfNearlyLocked(address, found.token());
        token = new Token(address, found.provider());
        token.load();
        OPEN.put(address, token);
      }
      return token;
    }
  }

  static void refuseIfNearlyLocked(TokenAddress address, TokenInfo info) throws KeyException {
    if (info.isNearlyLocked()) {
      throw new KeyException(
          address
              + ": its PIN is locked, or one more wrong PIN would lock it, so it is not tried; log"
              + " in once with the token's own tools, or let its security officer set a PIN");
    }
  }

  /** Logs in if the token does not know this process, and reads which keys there are. */
  void load() throws KeyException {
    synchronized (OPEN) {
      if (REFUSED.contains(address)) {
        throw wrongPin(null);
      }
      char[] pin = readPin();
      try {
        keys.load(null, pin);
      } catch (IOException | GeneralSecurityException | ProviderException e) {
        if (isRefusal(e)) {
          REFUSED.add(address);
          throw wrongPin(e);
        }
        throw failed(e);
      } finally {
        Arrays.fill(pin, '\0');
      }
    }
  }

  Set<String> keyIds() throws KeyException {
    try {
      Set<String> ids = new HashSet<>();
      for (String label : Collections.list(keys.aliases())) {
        if (KeySlot.isKeyId(label) && isAes256(keys.getKey(label, null))) {
          ids.add(label);
        }
      }
      return ids;
    } catch (GeneralSecurityException | ProviderException e) {
      throw failed(e);
    }
  }

  /**
   * The AES-256 key with this label.
   *
   * @throws KeyException if it is of another type, or can be read out of the token
   */
  Optional<Key> find(String keyId) throws KeyException {
    Key key;
    try {
      key = keys.getKey(keyId, null);
    } catch (GeneralSecurityException | ProviderException e) {
      throw failed(e);
    }
    if (key == null) {
      return Optional.empty();
    }
    if (!isAes256(key)) {
      throw new KeyException(
          "%s: the label '%s' is not that of an AES key of 256 bits".formatted(address, keyId));
    }
    if (key.getEncoded() != null) {
      throw new KeyException(
          "%s: the key '%s' can be read out of the token in clear".formatted(address, keyId));
    }
    return Optional.of(key);
  }

  /** Encrypts or decrypts single blocks in the token, by {@link Cipher}'s modes. */
  Block blocks(int mode, Key key) throws KeyException {
    try {
      Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding", provider);
      cipher.init(mode, key);
      return block -> {
        try {
          return cipher.doFinal(block);
        } catch (GeneralSecurityException | ProviderException e) {
          throw failed(e);
        }
      };
    } catch (GeneralSecurityException | ProviderException e) {
      throw failed(e);
    }
  }

  @Override
  public String toString() {
    return address.toString();
  }

  private static boolean isAes256(Key key) {
    Matcher bits = BITS.matcher(String.valueOf(key));
    return key != null
        && key.getAlgorithm().equals("AES")
        && (!bits.find() || AES_256.contains(bits.group(1)));
  }

  private KeysUnavailableException failed(Exception e) {
    return new KeysUnavailableException(
        address + ": it does not do what it is asked: " + SunPkcs11.rootOf(e), e);
  }

  private KeyException wrongPin(Exception cause) {
    String message =
        "%s: %s does not hold its user PIN; it was tried once and is not tried again by this"
            + " process, since tokens lock themselves";
    return new KeyException(message.formatted(address, address.pinSource()), cause);
  }

  private static boolean isRefusal(Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (cause instanceof FailedLoginException || message.startsWith("CKR_PIN_")) {
        return true;
      }
    }
    return false;
  }

  /** Without a line end, which editors add; the caller clears it. */
  private char[] readPin() throws KeyException {
    byte[] bytes =
        PrivateFiles.read(address.pinSource(), "the PIN file " + address.pinSource(), PIN_LIMIT);
    int length = bytes.length;
    while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r')) {
      length--;
    }
    if (length == 0) {
      throw new KeyException("the PIN file " + address.pinSource() + " is empty");
    }
    CharBuffer chars = UTF_8.decode(ByteBuffer.wrap(bytes, 0, length));
    char[] pin = new char[chars.remaining()];
    chars.get(pin);
    Arrays.fill(chars.array(), '\0');
    Arrays.fill(bytes, (byte) 0);
    return pin;
  }
}
