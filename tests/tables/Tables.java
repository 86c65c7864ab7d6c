// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.FallbackKey;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerConfig;

/**
 * Prints what the jars themselves know: every option of Flink, with its other names and its
 * default, and every property of Kafka's clients, with its type.
 *
 * <p>A constant of a class that cannot be loaded would be missing without a trace, so such a class
 * is printed as well.
 */
public final class Tables {
    private static final Field TYPE = typeOfOptions();

    private Tables() {}

    public static void main(String[] jars) throws IOException {
        TreeSet<String> lines = new TreeSet<>();
        for (String jar : jars) {
            try (JarFile file = new JarFile(Path.of(jar).toFile());
                    Stream<String> names = file.stream().map(entry -> entry.getName())) {
                for (String name : (Iterable<String>) names::iterator) {
                    if (name.startsWith("org/apache/flink/") | name.startsWith("org/flinksec/")
                            && !name.contains("/shaded/")
                            && name.endsWith(".class")) {
                        String type = name.substring(0, name.length() - 6).replace('/', '.');
                        options(type, lines);
                    }
                }
            }
        }
        lines.forEach(System.out::println);
        kafka().forEach((name, type) -> System.out.println("kafka\t" + name + "\t" + type));
    }

    private static void options(String type, TreeSet<String> lines) {
        List<Field> fields;
        try {
            Class<?> found = Class.forName(type, false, Tables.class.getClassLoader());
            fields = Stream.of(found.getDeclaredFields()).filter(Tables::isOption).toList();
        } catch (LinkageError | ClassNotFoundException error) {
            lines.add("unread\t" + type);
            return;
        }
        for (Field field : fields) {
            try {
                field.setAccessible(true);
                ConfigOption<?> option = (ConfigOption<?>) field.get(null);
                lines.add(line(option));
                if (TYPE.get(option) == Map.class) {
                    // Each key of a map may stand behind the option's own.
                    lines.add("flink\t" + option.key() + ".<key>\t");
                }
            } catch (LinkageError | ReflectiveOperationException error) {
                lines.add("failed\t" + type + "." + field.getName());
            }
        }
    }

    private static Field typeOfOptions() {
        try {
            Field field = ConfigOption.class.getDeclaredField("clazz");
            field.setAccessible(true);
            return field;
        } catch (NoSuchFieldException error) {
            throw new IllegalStateException(error);
        }
    }

    private static boolean isOption(Field field) {
        return Modifier.isStatic(field.getModifiers()) && field.getType() == ConfigOption.class;
    }

    private static String line(ConfigOption<?> option) {
        List<String> others = new ArrayList<>();
        for (FallbackKey other : option.fallbackKeys()) {
            others.add(other.getKey());
        }
        return "flink\t" + option.key() + "\t" + String.join(" ", others);
    }

    private static Map<String, String> kafka() {
        Map<String, String> found = new TreeMap<>();
        Stream.of(AdminClientConfig.configDef(), ConsumerConfig.configDef(), ProducerConfig.configDef())
                .flatMap(table -> table.configKeys().values().stream())
                .forEach(key -> found.put(key.name, key.type.toString()));
        return found;
    }
}
