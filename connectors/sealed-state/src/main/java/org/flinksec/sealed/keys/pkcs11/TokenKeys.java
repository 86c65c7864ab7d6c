// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys.pkcs11;

import java.nio.ByteBuffer;
import java.security.Key;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Cipher;
import org.flinksec.sealed.format.WrappedKey;
import org.flinksec.sealed.keys.BlockKwp;
import org.flinksec.sealed.keys.KeyException;
import org.flinksec.sealed.keys.KeyMissingException;
import org.flinksec.sealed.keys.KeyProvider;
import org.flinksec.sealed.keys.KeysUnavailableException;

/**
 * The AES-256 keys of a PKCS#11 token; a key's id is its label. The keys never leave the token.
 *
 * <p>A token that fails is logged in to and asked once more, since one on a network may have been
 * restarted.
 */
public final class TokenKeys implements KeyProvider {
  private static final int DATA_KEY = 32;
  private static final int WRAPPED = DATA_KEY + 8;
  private static final int DATA_KEYS_KEPT = 1000;

  private record Id(String keyId, ByteBuffer wrapped) {}

  private final Token token;
  private final String primaryId;

  /** Files share data keys: the token is asked once for each, not once for each file. */
  private final Map<Id, byte[]> dataKeys =
      Collections.synchronizedMap(
          new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Id, byte[]> eldest) {
              return size() > DATA_KEYS_KEPT;
            }
          });

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
  public WrappedKey wrap(byte[] dataKey) throws KeyException {
    String id = primaryId();
    byte[] wrapped =
        withKey(id, key -> BlockKwp.wrap(token.blocks(Cipher.ENCRYPT_MODE, key), dataKey));
    return new WrappedKey(WrappedKey.AES_KWP, id, wrapped);
  }

  @Override
  public byte[] unwrap(WrappedKey wrapped) throws KeyException {
    Id id = new Id(wrapped.keyId(), ByteBuffer.wrap(wrapped.bytes().clone()));
    byte[] known = dataKeys.get(id);
    if (known != null) {
      return known.clone();
    }
    byte[] dataKey = unwrappedByToken(wrapped);
    dataKeys.put(id, dataKey.clone());
    return dataKey;
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
