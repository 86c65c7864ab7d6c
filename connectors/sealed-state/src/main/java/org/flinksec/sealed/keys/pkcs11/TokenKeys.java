// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys.pkcs11;

import java.nio.file.Path;
import java.security.Key;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Cipher;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.flinksec.sealed.format.WrappedKey;
import org.flinksec.sealed.keys.AssociatedData;
import org.flinksec.sealed.keys.BlockKwp;
import org.flinksec.sealed.keys.KeyException;
import org.flinksec.sealed.keys.KeyMissingException;
import org.flinksec.sealed.keys.KeyProvider;
import org.flinksec.sealed.keys.KeyProviderFactory;
import org.flinksec.sealed.keys.KeysUnavailableException;
import org.flinksec.sealed.keys.UnwrappedKeys;

/**
 * The AES-256 keys of a PKCS#11 token; a key's id is its label. The keys never leave the token.
 *
 * <p>A token that fails is logged in to and asked once more, since one on a network may have been
 * restarted. What it is asked for are single blocks, which have no associated data: none is bound.
 */
public final class TokenKeys implements KeyProvider {
  public static final ConfigOption<String> MODULE =
      ConfigOptions.key("flinksec.sealed.pkcs11.module")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "The PKCS#11 library of a token that holds keys, beside or in place of a key ring.");

  public static final ConfigOption<String> TOKEN =
      ConfigOptions.key("flinksec.sealed.pkcs11.token")
          .stringType()
          .noDefaultValue()
          .withDescription("The token's label.");

  public static final ConfigOption<Long> SLOT =
      ConfigOptions.key("flinksec.sealed.pkcs11.slot")
          .longType()
          .noDefaultValue()
          .withDescription("The id of the token's slot, in place of its label.");

  public static final ConfigOption<String> PIN_SOURCE =
      ConfigOptions.key("flinksec.sealed.pkcs11.pin-source")
          .stringType()
          .noDefaultValue()
          .withDescription("The file that holds the PIN of the token's user.");

  public static final ConfigOption<String> PRIMARY =
      ConfigOptions.key("flinksec.sealed.pkcs11.primary")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "The label of the key that seals new files; without it the token only opens files,"
                  + " and the key ring seals.");

  private static final int DATA_KEY = 32;
  private static final int WRAPPED = DATA_KEY + 8;

  /** A token, by its module and its label or slot. */
  public static final class Factory implements KeyProviderFactory {
    @Override
    public ConfigOption<?> naming() {
      return MODULE;
    }

    @Override
    public List<ConfigOption<?>> options() {
      return List.of(MODULE, TOKEN, SLOT, PIN_SOURCE, PRIMARY);
    }

    @Override
    public Optional<ConfigOption<?>> primary() {
      return Optional.of(PRIMARY);
    }

    @Override
    public String whatToSet() {
      return MODULE.key() + " to a token's module";
    }

    @Override
    public KeyProvider open(ReadableConfig config) throws KeyException {
      String label = config.get(TOKEN);
      Long slot = config.get(SLOT);
      if ((label == null) == (slot == null)) {
        throw new KeyException(
            "one of %s and %s must name the token".formatted(TOKEN.key(), SLOT.key()));
      }
      String pinSource = config.get(PIN_SOURCE);
      if (pinSource == null) {
        throw new KeyException(PIN_SOURCE.key() + " must name the file with the token's PIN");
      }
      TokenAddress address =
          new TokenAddress(Path.of(config.get(MODULE)), label, slot, Path.of(pinSource));
      return TokenKeys.open(address, config.get(PRIMARY));
    }
  }

  private final Token token;
  private final String primaryId;
  private final UnwrappedKeys dataKeys = new UnwrappedKeys();

  private TokenKeys(Token token, String primaryId) {
    this.token = token;
    this.primaryId = primaryId;
  }

  /**
   * Logs in, and looks for the primary key.
   *
   * @param primaryId the key that seals new files, or null: then the token only opens
   */
  public static TokenKeys open(TokenAddress address, String primaryId) throws KeyException {
    TokenKeys keys = new TokenKeys(Token.at(address), primaryId);
    if (primaryId != null && keys.find(primaryId).isEmpty()) {
      throw new KeyException(
          "%s: there is no key '%s', the one for new files: name another one, or make it"
              .formatted(address, primaryId));
    }
    return keys;
  }

  @Override
  public String primaryId() throws KeyException {
    if (primaryId == null) {
      throw new KeyException(token + ": no key is named for new files");
    }
    return primaryId;
  }

  @Override
  public Set<String> keyIds() throws KeyException {
    return token.keyIds();
  }

  @Override
  public WrappedKey wrap(byte[] dataKey, AssociatedData associated) throws KeyException {
    String id = primaryId();
    byte[] wrapped =
        withKey(id, key -> BlockKwp.wrap(token.blocks(Cipher.ENCRYPT_MODE, key), dataKey));
    return new WrappedKey(WrappedKey.AES_KWP, id, wrapped);
  }

  @Override
  public byte[] unwrap(WrappedKey wrapped, AssociatedData associated) throws KeyException {
    return dataKeys.get(wrapped, associated, () -> unwrappedByToken(wrapped));
  }

  @Override
  public String describe() {
    return token.toString();
  }

  private byte[] unwrappedByToken(WrappedKey wrapped) throws KeyException {
    // A missing key is told before a wrong length: the file may be another provider's.
    Optional<byte[]> dataKey =
        withKey(
            wrapped.keyId(),
            key ->
                wrapped.algorithm() == WrappedKey.AES_KWP && wrapped.bytes().length == WRAPPED
                    ? BlockKwp.unwrap(token.blocks(Cipher.DECRYPT_MODE, key), wrapped.bytes())
                    : Optional.empty());
    return dataKey
        .filter(key -> key.length == DATA_KEY)
        .orElseThrow(
            () ->
                new KeyException(
                    "its data key was not wrapped by key '%s' of the %s"
                        .formatted(wrapped.keyId(), token)));
  }

  private interface WithKey<T> {
    T apply(Key key) throws KeyException;
  }

  private <T> T withKey(String id, WithKey<T> action) throws KeyException {
    try {
      return action.apply(need(id));
    } catch (KeysUnavailableException e) {
      token.load();
      return action.apply(need(id));
    }
  }

  private Key need(String id) throws KeyException {
    return find(id)
        .orElseThrow(
            () -> new KeyMissingException("key '%s' is not in the %s".formatted(id, token)));
  }

  /** A key that is not known is looked for once more: it may have been added since. */
  private Optional<Key> find(String id) throws KeyException {
    Optional<Key> key = token.find(id);
    if (key.isEmpty()) {
      token.load();
      return token.find(id);
    }
    return key;
  }
}
