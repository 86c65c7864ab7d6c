// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.flinksec.sealed.format.WrappedKey;
import org.flinksec.sealed.keys.AssociatedData;
import org.flinksec.sealed.keys.KeyException;
import org.flinksec.sealed.keys.KeyMissingException;
import org.flinksec.sealed.keys.KeyProvider;
import org.flinksec.sealed.keys.KeyProviderFactory;
import org.flinksec.sealed.keys.UnwrappedKeys;

/** A provider for tests that binds associated data, as key services do: AES-256-GCM, one key. */
final class BoundKeys implements KeyProvider {
  static final int ALGORITHM = 255;
  static final ConfigOption<String> KEY =
      ConfigOptions.key("flinksec.sealed.bound.key").stringType().noDefaultValue();
  private static final int NONCE = 12;

  private final String keyId;
  private final SecretKeySpec key;
  private final UnwrappedKeys dataKeys = new UnwrappedKeys();

  /** How often the key itself was used to unwrap. */
  int asked;

  BoundKeys(String keyId, byte[] key) {
    this.keyId = keyId;
    this.key = new SecretKeySpec(key, "AES");
  }

  /** A kind of provider whose option names the id of a key of zeros. */
  static final class Factory implements KeyProviderFactory {
    @Override
    public ConfigOption<?> naming() {
      return KEY;
    }

    @Override
    public List<ConfigOption<?>> options() {
      return List.of(KEY);
    }

    @Override
    public Optional<ConfigOption<?>> primary() {
      return Optional.of(KEY);
    }

    @Override
    public String whatToSet() {
      return KEY.key() + " to a key";
    }

    @Override
    public KeyProvider open(ReadableConfig config) {
      return new BoundKeys(config.get(KEY), new byte[32]);
    }
  }

  @Override
  public String primaryId() {
    return keyId;
  }

  @Override
  public Set<String> keyIds() {
    return Set.of(keyId);
  }

  @Override
  public WrappedKey wrap(byte[] dataKey, AssociatedData associated) throws KeyException {
    byte[] wrapped = new byte[NONCE];
    new SecureRandom().nextBytes(wrapped);
    try {
      byte[] sealed = cipher(Cipher.ENCRYPT_MODE, wrapped, associated).doFinal(dataKey);
      wrapped = Arrays.copyOf(wrapped, NONCE + sealed.length);
      System.arraycopy(sealed, 0, wrapped, NONCE, sealed.length);
    } catch (GeneralSecurityException e) {
      throw new KeyException("cannot wrap", e);
    }
    return new WrappedKey(ALGORITHM, keyId, wrapped, associated.job());
  }

  @Override
  public byte[] unwrap(WrappedKey wrapped, AssociatedData associated) throws KeyException {
    if (!wrapped.keyId().equals(keyId)) {
      throw new KeyMissingException("no key '" + wrapped.keyId() + "'");
    }
    return dataKeys.get(wrapped, associated, () -> asked(wrapped, associated));
  }

  @Override
  public String describe() {
    return "service of a test";
  }

  private byte[] asked(WrappedKey wrapped, AssociatedData associated) throws KeyException {
    asked++;
    byte[] bytes = wrapped.bytes();
    if (wrapped.algorithm() == ALGORITHM && bytes.length > NONCE) {
      try {
        return cipher(Cipher.DECRYPT_MODE, bytes, associated)
            .doFinal(bytes, NONCE, bytes.length - NONCE);
      } catch (GeneralSecurityException e) {
        throw new KeyException("wrapped for something else", e);
      }
    }
    throw new KeyException("wrapped by something else");
  }

  private Cipher cipher(int mode, byte[] nonce, AssociatedData associated)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(128, nonce, 0, NONCE));
    cipher.updateAAD(associated.toBytes());
    return cipher;
  }
}
