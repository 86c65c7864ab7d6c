// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.flinksec.sealed.format.NamePolicy;

/** What the Flink configuration may say about sealed files. No option is a secret. */
public final class SealedOptions {
  public static final ConfigOption<String> KEYS =
      ConfigOptions.key("flinksec.sealed.keys")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "The key ring directory: one file of 32 bytes per key id, and 'primary'.");

  public static final ConfigOption<String> PKCS11_MODULE =
      ConfigOptions.key("flinksec.sealed.pkcs11.module")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "The PKCS#11 library of a token that holds keys, beside or in place of a key ring.");

  public static final ConfigOption<String> PKCS11_TOKEN =
      ConfigOptions.key("flinksec.sealed.pkcs11.token")
          .stringType()
          .noDefaultValue()
          .withDescription("The token's label.");

  public static final ConfigOption<Long> PKCS11_SLOT =
      ConfigOptions.key("flinksec.sealed.pkcs11.slot")
          .longType()
          .noDefaultValue()
          .withDescription("The id of the token's slot, in place of its label.");

  public static final ConfigOption<String> PKCS11_PIN_SOURCE =
      ConfigOptions.key("flinksec.sealed.pkcs11.pin-source")
          .stringType()
          .noDefaultValue()
          .withDescription("The file that holds the PIN of the token's user.");

  public static final ConfigOption<String> PKCS11_PRIMARY =
      ConfigOptions.key("flinksec.sealed.pkcs11.primary")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "The label of the key that seals new files; without it the token only opens files,"
                  + " and the key ring seals.");

  public static final ConfigOption<String> ROOT =
      ConfigOptions.key("flinksec.sealed.root")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "The directory that stored names are relative to; by default the stored name of a"
                  + " file that is never moved is its whole path.");

  public static final ConfigOption<NamePolicy> NAME_POLICY =
      ConfigOptions.key("flinksec.sealed.name-policy")
          .enumType(NamePolicy.class)
          .defaultValue(NamePolicy.ENFORCE)
          .withDescription(
              "The most that is done about a file under another's name that Flink never moves:"
                  + " ENFORCE refuses it; WARN reads relocated checkpoints.");

  /** Flink's own options, by their names: only their values matter here. */
  static final ConfigOption<String> CHECKPOINTS =
      ConfigOptions.key("execution.checkpointing.dir").stringType().defaultValue("");

  static final ConfigOption<String> SAVEPOINTS =
      ConfigOptions.key("execution.checkpointing.savepoint-dir").stringType().defaultValue("");

  static final ConfigOption<Boolean> FILE_MERGING =
      ConfigOptions.key("execution.checkpointing.file-merging.enabled")
          .booleanType()
          .defaultValue(false);

  private SealedOptions() {}
}
