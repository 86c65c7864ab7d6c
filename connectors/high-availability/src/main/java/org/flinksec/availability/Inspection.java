// SPDX-License-Identifier: Apache-2.0
package org.flinksec.availability;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.client.ClientUtils;
import org.apache.flink.client.program.DefaultPackagedProgramRetriever;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.configuration.ConfigUtils;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.plugin.PluginUtils;
import org.apache.flink.runtime.entrypoint.ClusterEntrypointUtils;
import org.apache.flink.runtime.security.SecurityConfiguration;
import org.apache.flink.runtime.security.SecurityUtils;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process that has all a JobManager has, and runs no job: it builds one, and reads state.
 *
 * <p>{@code flinksec cluster check} starts it in the place of a JobManager, with the same class
 * path, configuration, login and file systems. It judges nothing; what it has seen goes as JSON
 * into the directory that {@code --facts} names: {@code plan} and {@code state-facts}.
 */
public final class Inspection {
  private static final Logger LOG = LoggerFactory.getLogger(Inspection.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  // A program that is told to choose the state writes its choice there.
  private static final String CHOSEN = "chosen-state";
  private static final int MOST_TRIES = 100;

  private final Path facts;
  private final Set<String> states = new LinkedHashSet<>();
  private final List<String> program = new ArrayList<>();
  private final Configuration dynamic = new Configuration();
  private String configDirectory;

  private Inspection(String[] arguments) {
    String directory = null;
    for (int at = 0; at < arguments.length; at++) {
      switch (arguments[at]) {
        case "--configDir" -> configDirectory = arguments[++at];
        case "-D" -> set(arguments[++at]);
        case "--facts" -> directory = arguments[++at];
        case "--state" -> states.add(arguments[++at]);
        case "--program" -> {
          program.addAll(Arrays.asList(arguments).subList(at + 1, arguments.length));
          at = arguments.length;
        }
        default -> throw new IllegalArgumentException("unknown argument: " + arguments[at]);
      }
    }
    facts = Path.of(directory);
  }

  /**
   * Looks.
   *
   * @param arguments {@code --configDir DIR --facts DIR [-D NAME=VALUE]… [--state URI]… [--program
   *     CLASS ARGUMENT…]}
   */
  public static void main(String[] arguments) {
    int code = 0;
    try {
      new Inspection(arguments).look();
    } catch (Throwable error) {
      LOG.error("the inspection failed", error);
      code = 1;
    }
    // A program leaves threads behind.
    System.out.flush();
    System.err.flush();
    Runtime.getRuntime().halt(code);
  }

  private void look() throws Exception {
    Configuration configuration = GlobalConfiguration.loadConfiguration(configDirectory, dynamic);
    FileSystem.initialize(
        configuration, PluginUtils.createPluginManagerFromRootFolder(configuration));
    SecurityUtils.install(new SecurityConfiguration(configuration));
    SecurityUtils.getInstalledContext()
        .runSecured(
            () -> {
              try {
                if (!program.isEmpty()) {
                  build(configuration);
                }
              } finally {
                readStates(); // a job that cannot be built has state all the same
              }
              return null;
            });
  }

  private void build(Configuration configuration) throws Exception {
    String className = program.get(0);
    String[] arguments = program.subList(1, program.size()).toArray(String[]::new);
    PackagedProgram packaged =
        DefaultPackagedProgramRetriever.create(
                ClusterEntrypointUtils.tryFindUserLibDirectory().orElse(null),
                className,
                arguments,
                configuration)
            .getPackagedProgram();
    // As the entry point of an application cluster does.
    ConfigUtils.encodeCollectionToConfig(
        configuration, PipelineOptions.JARS, packaged.getJobJarAndDependencies(), Object::toString);
    ConfigUtils.encodeCollectionToConfig(
        configuration, PipelineOptions.CLASSPATHS, packaged.getClasspaths(), Object::toString);
    configuration.set(DeploymentOptions.TARGET, BuiltOnly.NAME);
    BuiltOnly built = new BuiltOnly();
    ObjectNode plan = JSON.createObjectNode();
    try {
      ClientUtils.executeProgram(built, configuration, packaged, true, true);
    } catch (Throwable ended) {
      // Each does so, one way or the other, when its job was taken.
      if (!built.describe(plan)) {
        throw ended;
      }
    }
    if (!plan.has("operators") && !built.describe(plan)) {
      plan.put("error", "the program has submitted no job");
    }
    write("plan", plan);
  }

  private void readStates() throws IOException {
    ObjectNode found = JSON.createObjectNode();
    ArrayNode listed = found.putArray("states");
    for (String uri : states) {
      readNewest(uri, listed.addObject(), false);
    }
    Path chosen = facts.resolve(CHOSEN);
    if (Files.exists(chosen)) {
      readNewest(Files.readString(chosen), found.putObject("chosen"), true);
    }
    write("state-facts", found);
  }

  /** Of a job that runs, a newer checkpoint may replace the one that was chosen at any moment. */
  private static void readNewest(String asked, ObjectNode told, boolean opensAll)
      throws IOException {
    String uri = asked;
    for (int tries = 0; ; tries++) {
      told.removeAll();
      read(uri, told.put("asked", asked), opensAll);
      String newer = tries < MOST_TRIES ? StateFacts.newerThan(uri) : null;
      if (newer == null || isWhole(told)) {
        return;
      }
      uri = newer;
    }
  }

  private static boolean isWhole(ObjectNode told) {
    if (told.has("error")) {
      return false;
    }
    for (var file : told.withArray("files")) {
      if (file.hasNonNull("error")) {
        return false;
      }
    }
    return true;
  }

  private static void read(String uri, ObjectNode told, boolean opensAll) {
    told.put("uri", uri);
    try {
      StateFacts.read(uri, told, opensAll);
    } catch (Exception error) {
      LOG.warn("the metadata of {} cannot be read", uri, error);
      told.put("error", messageOf(error));
    }
  }

  private static String messageOf(Throwable error) {
    String message = error.getMessage();
    return message == null ? error.getClass().getSimpleName() : message;
  }

  private void write(String name, ObjectNode content) throws IOException {
    JSON.writeValue(facts.resolve(name).toFile(), content);
  }

  private void set(String option) {
    int equals = option.indexOf('=');
    dynamic.setString(option.substring(0, equals), option.substring(equals + 1));
  }
}
