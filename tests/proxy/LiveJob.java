// SPDX-License-Identifier: Apache-2.0
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.CheckpointType;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.rest.handler.RestHandlerSpecification;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.graph.StreamGraph;

/**
 * A job that runs on and on, on a Flink that serves REST by mutual TLS, with everything that Flink can serve switched
 * on but the buttons of the web UI.
 *
 * <p>Arguments: the directory of the REST stores, the port, a directory for temporary files. It writes each endpoint
 * as {@code KNOWN METHOD URL} (a class of Flink's jar) or {@code SERVED METHOD URL} (registered in the running server),
 * then {@code JOB id}, and ends with its input.
 */
final class LiveJob {
    public static void main(String[] arguments) throws Exception {
        known().forEach(each -> System.out.println("KNOWN " + each));
        Configuration options = options(Path.of(arguments[0]), arguments[1], arguments[2]);
        MiniClusterConfiguration configuration =
                new MiniClusterConfiguration.Builder()
                        .setConfiguration(options)
                        .setNumTaskManagers(1)
                        .setNumSlotsPerTaskManager(1)
                        .build();
        MiniCluster cluster = new MiniCluster(configuration);
        cluster.start();
        served(cluster).forEach(each -> System.out.println("SERVED " + each));
        JobID job = cluster.submitJob(graph(options)).get().getJobID();
        // Until it runs this fails.
        for (boolean done = false; !done; Thread.sleep(50)) {
            try {
                cluster.triggerCheckpoint(job, CheckpointType.CONFIGURED).get();
                done = true;
            } catch (java.util.concurrent.ExecutionException notYet) {
                continue;
            }
        }
        System.out.println("JOB " + job);
        System.out.flush();
        new BufferedReader(new InputStreamReader(System.in)).readLine();
        Runtime.getRuntime().halt(0);
    }

    private static Configuration options(Path stores, String port, String directory)
            throws Exception {
        Configuration options = new Configuration();
        options.setString("rest.bind-port", port);
        options.setString("rest.port", port);
        options.setString("rest.address", "localhost");
        options.setString("rest.bind-address", "127.0.0.1");
        options.setString("security.ssl.protocol", "TLSv1.3");
        options.setString("security.ssl.algorithms", "TLS_AES_256_GCM_SHA384");
        options.setString("security.ssl.rest.enabled", "true");
        options.setString("security.ssl.rest.authentication-enabled", "true");
        String password = Files.readString(stores.resolve("password")).strip();
        for (String store : new String[] {"keystore", "truststore"}) {
            options.setString(
                    "security.ssl.rest." + store, stores.resolve(store + ".p12").toString());
            options.setString("security.ssl.rest." + store + "-type", "PKCS12");
            options.setString("security.ssl.rest." + store + "-password", password);
        }
        options.setString("security.ssl.rest.key-password", password);
        options.setString("web.submit.enable", "true");
        options.setString("web.cancel.enable", "false");
        options.setString("web.rescale.enable", "false");
        options.setString("rest.profiling.enabled", "true");
        options.setString("rest.flamegraph.enabled", "true");
        options.setString("jobmanager.scheduler", "adaptive");
        options.setString("io.tmp.dirs", directory);
        options.setString("web.tmpdir", directory);
        options.setString("execution.checkpointing.interval", "7 d");
        options.setString("execution.checkpointing.dir", Path.of(directory).toUri() + "/state");
        options.setString("restart-strategy.type", "none");
        return options;
    }

    private static StreamGraph graph(Configuration options) {
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.getExecutionEnvironment(options);
        environment
                .fromSequence(1, Long.MAX_VALUE)
                .map(
                        number -> {
                            Thread.sleep(50);
                            return number;
                        })
                .returns(Long.class)
                .sinkTo(new DiscardingSink<>());
        return environment.getStreamGraph();
    }

    /** What the running server answers, asked of itself. */
    private static Set<String> served(MiniCluster cluster) throws Exception {
        Object component = ((Collection<?>) read(cluster, "dispatcherResourceManagerComponents"))
                .iterator()
                .next();
        Object server = read(component, "webMonitorEndpoint");
        Set<String> found = new TreeSet<>();
        for (Object each : (List<?>) read(server, "handlers")) {
            found.add(line((RestHandlerSpecification) ((Tuple2<?, ?>) each).f0));
        }
        return found;
    }

    private static Object read(Object of, String field) throws Exception {
        for (Class<?> type = of.getClass(); type != null; type = type.getSuperclass()) {
            try {
                Field found = type.getDeclaredField(field);
                found.setAccessible(true);
                return found.get(of);
            } catch (NoSuchFieldException inASuperclass) {
                continue;
            }
        }
        throw new NoSuchFieldException(field);
    }

    /** What the classes of Flink's jar describe; one that cannot be made is an error. */
    private static Set<String> known() throws Exception {
        Path jar = Path.of(
                RestHandlerSpecification.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI());
        Set<String> found = new TreeSet<>();
        try (JarFile content = new JarFile(jar.toFile())) {
            for (JarEntry entry : Collections.list(content.entries())) {
                String name = entry.getName();
                if (name.startsWith("org/apache/flink/") && name.endsWith(".class")) {
                    add(name.substring(0, name.length() - 6).replace('/', '.'), found);
                }
            }
        }
        return found;
    }

    private static void add(String name, Set<String> found) throws Exception {
        Class<?> type;
        try {
            type = Class.forName(name, false, LiveJob.class.getClassLoader());
        } catch (LinkageError optional) {
            return; // of a library that is not there
        }
        if (!RestHandlerSpecification.class.isAssignableFrom(type)
                || Modifier.isAbstract(type.getModifiers())
                || name.endsWith("Decorator")) { // around another one
            return;
        }
        found.add(line((RestHandlerSpecification) instance(type)));
    }

    private static Object instance(Class<?> type) throws Exception {
        if (type.isEnum()) {
            return type.getEnumConstants()[0];
        }
        for (Method method : type.getDeclaredMethods()) {
            if (Modifier.isStatic(method.getModifiers())
                    && method.getParameterCount() == 0
                    && type.isAssignableFrom(method.getReturnType())) {
                method.setAccessible(true);
                return method.invoke(null);
            }
        }
        Constructor<?> constructor = type.getDeclaredConstructor();
        constructor.setAccessible(true);
        return constructor.newInstance();
    }

    private static String line(RestHandlerSpecification endpoint) {
        return endpoint.getHttpMethod() + " " + endpoint.getTargetRestEndpointURL();
    }
}
