// SPDX-License-Identifier: Apache-2.0
package org.flinksec.availability;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Executor;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.runtime.highavailability.ClientHighAvailabilityServices;
import org.apache.flink.runtime.highavailability.HighAvailabilityServices;
import org.apache.flink.runtime.highavailability.HighAvailabilityServicesFactory;
import org.apache.flink.runtime.highavailability.HighAvailabilityServicesUtils;
import org.apache.flink.runtime.jobmanager.ExecutionPlanStore;
import org.apache.flink.runtime.rpc.AddressResolution;
import org.apache.flink.runtime.rpc.FatalErrorHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Flink's own high availability, of whatever kind, with a {@link CheckedPlanStore}.
 *
 * <p>{@code flinksec cluster jobmanager} names it in {@code high-availability.type}, and moves what
 * stood there to an option of ours.
 */
public final class CheckedHighAvailability implements HighAvailabilityServicesFactory {
  private static final Logger LOG = LoggerFactory.getLogger(CheckedHighAvailability.class);
  // Flink's own for an error that a process does not survive.
  private static final int FATAL = 2;

  static final ConfigOption<String> TYPE =
      ConfigOptions.key("flinksec.cluster.high-availability").stringType().noDefaultValue();
  static final ConfigOption<String> INPUTS =
      ConfigOptions.key("flinksec.cluster.job-inputs").stringType().noDefaultValue();
  static final ConfigOption<String> ON_CHANGED_JOB =
      ConfigOptions.key("flinksec.cluster.on-changed-job").stringType().noDefaultValue();

  @Override
  public HighAvailabilityServices createHAServices(Configuration configuration, Executor executor)
      throws Exception {
    JobInputs inputs = JobInputs.of(Files.readString(Path.of(configuration.get(INPUTS))));
    OnChangedJob policy =
        OnChangedJob.valueOf(configuration.get(ON_CHANGED_JOB).toUpperCase(Locale.ROOT));
    HighAvailabilityServices services =
        HighAvailabilityServicesUtils.createHighAvailabilityServices(
            original(configuration),
            executor,
            AddressResolution.NO_ADDRESS_RESOLUTION,
            null, // it is for clusters without high availability
            fatal());
    return checked(services, inputs, policy, Refusal::endProcess);
  }

  @Override
  public ClientHighAvailabilityServices createClientHAServices(Configuration configuration)
      throws Exception {
    return HighAvailabilityServicesUtils.createClientHAService(original(configuration), fatal());
  }

  static HighAvailabilityServices checked(
      HighAvailabilityServices services, JobInputs inputs, OnChangedJob policy, Refusal refusal) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          try {
            Object found = method.invoke(services, arguments);
            return found instanceof ExecutionPlanStore store
                ? new CheckedPlanStore(
                    store, services.getCheckpointRecoveryFactory(), inputs, policy, refusal)
                : found;
          } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
          }
        };
    return (HighAvailabilityServices)
        Proxy.newProxyInstance(
            HighAvailabilityServices.class.getClassLoader(),
            new Class<?>[] {HighAvailabilityServices.class},
            handler);
  }

  private static Configuration original(Configuration configuration) {
    Configuration original = new Configuration(configuration);
    original.set(HighAvailabilityOptions.HA_MODE, configuration.get(TYPE));
    return original;
  }

  private static FatalErrorHandler fatal() {
    return error -> {
      LOG.error("high availability does not work any more", error);
      Runtime.getRuntime().halt(FATAL);
    };
  }
}
