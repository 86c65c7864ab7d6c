// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.flinksec.sealed.format.NamePolicy;

/** What the Flink configuration may say about sealed files. No option is a secret. */
public final class SealedOptions {
  public static final ConfigOption<String> JOB =
      ConfigOptions.key("flinksec.sealed.job")
          .stringType()
          .defaultValue("")
          .withDescription(
              "The job that data keys are made for, which key services bind to them, and audit; the"
                  + " options of the key providers are those of their factories.");

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

  public static final ConfigOption<String> CIPHER =
      ConfigOptions.key("flinksec.sealed.cipher")
          .stringType()
          .defaultValue("jdk")
          .withDescription(
              "What computes AES-256-GCM: jdk, or conscrypt, whose jar is then beside this plugin's.");

  public static final ConfigOption<String> NATIVE_DIRECTORY =
      ConfigOptions.key("flinksec.sealed.native-directory")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Where conscrypt's native library is unpacked, on a volume without noexec; by default"
                  + " the JVM's temporary directory.");

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
