import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks into the jars of a `-Prelease` build: licences, sources, Javadoc, SBOMs, and whether NOTICE and the list of what is
 * in the native library say the same. Started by check-artifacts.sh, which gives it the root of the tree.
 */
final class CheckArtifacts {
    /** A module's folder, the base of its jars' names, and what its sources and its Javadoc jar hold at least. */
    private record Module(String folder, String jar, String source, String page) {}

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NATIVES = "diffusion4j-natives";

    private final Path root;
    private final String version;
    private final String notice;
    private final List<String> problems = new ArrayList<>();

    private CheckArtifacts(Path root) throws IOException {
        this.root = root;
        this.version = first("<version>([^<]+)</version>", Files.readString(root.resolve("pom.xml")));
        this.notice = Files.readString(root.resolve("NOTICE"));
    }

    public static void main(String[] arguments) throws Exception {
        CheckArtifacts check = new CheckArtifacts(Path.of(arguments[0]));
        check.run();
        check.problems.forEach(problem -> System.err.println("  " + problem));
        if (!check.problems.isEmpty()) {
            System.exit(1);
        }
    }

    private void run() throws Exception {
        String named = "-" + version;
        List<Module> modules = List.of(
                new Module("api", "diffusion4j" + named, "dev/diffusion4j/DiffusionModel.java", "index.html"),
                new Module("bindings", "diffusion4j-bindings" + named, "dev/diffusion4j/bindings/D4j.java", "index.html"),
                new Module("cache", "diffusion4j-cache" + named, "dev/diffusion4j/cache/CacheFolder.java", "index.html"),
                new Module(
                        "demo-model",
                        "diffusion4j-demo-model" + named,
                        "dev/diffusion4j/demo/DemoModel.java",
                        "index.html"),
                new Module("hub", "diffusion4j-hub" + named, "dev/diffusion4j/hub/ModelHub.java", "index.html"),
                new Module(
                        "server",
                        "diffusion4j-server" + named,
                        "dev/diffusion4j/server/DiffusionServer.java",
                        "index.html"),
                new Module(
                        "integrations/micrometer",
                        "diffusion4j-micrometer" + named,
                        "dev/diffusion4j/micrometer/ObservedModel.java",
                        "index.html"),
                new Module(
                        "integrations/langchain4j",
                        "diffusion4j-langchain4j" + named,
                        "dev/diffusion4j/langchain4j/Diffusion4jImageModel.java",
                        "index.html"),
                new Module(
                        "integrations/spring-ai",
                        "diffusion4j-spring-ai" + named,
                        "dev/diffusion4j/springai/Diffusion4jImageModel.java",
                        "index.html"),
                new Module(
                        "integrations/spring-boot-starter",
                        "diffusion4j-spring-boot-starter" + named,
                        "dev/diffusion4j/spring/boot/Diffusion4jAutoConfiguration.java",
                        "index.html"),
                new Module("cli", "diffuse", "dev/diffusion4j/cli/Diffuse.java", "index.html"),
                new Module("native", NATIVES + named, "native/shim/d4j.h", "native/shim/d4j.h"));
        for (Module module : modules) {
            Path target = root.resolve(module.folder(), "target");
            checkJar(target.resolve(module.jar() + ".jar"));
            checkJar(target.resolve(module.jar() + "-sources.jar"), module.source());
            checkJar(target.resolve(module.jar() + "-javadoc.jar"), module.page());
            if (!module.folder().equals("native")) {
                checkSbom(target.resolve("bom.json"));
            }
        }
        checkNoNatives(root.resolve("api/target/diffusion4j" + named + ".jar"));

        List<Path> natives = new ArrayList<>();
        try (DirectoryStream<Path> jars =
                Files.newDirectoryStream(root.resolve("native/target"), NATIVES + named + "-*-*-*.jar")) {
            jars.forEach(natives::add);
        }
        require(!natives.isEmpty(), "native/target has no natives jar");
        String bom = Files.readString(root.resolve("bom/pom.xml"));
        require(version.equals(first("<version>([^<]+)</version>", bom)), "bom/pom.xml has another version than pom.xml");
        for (Path jar : natives) {
            String name = jar.getFileName().toString();
            String classifier = name.substring((NATIVES + named + "-").length(), name.length() - ".jar".length());
            require(bom.contains("<classifier>" + classifier + "</classifier>"), "bom/pom.xml does not manage " + classifier);
            checkNatives(jar, classifier);
        }
    }

    private void checkJar(Path file, String... entries) throws IOException {
        if (!Files.exists(file)) {
            problems.add("there is no " + root.relativize(file) + "; build with -Prelease");
            return;
        }
        try (JarFile jar = new JarFile(file.toFile())) {
            for (String name : List.of("LICENSE", "NOTICE")) {
                byte[] actual = read(jar, "META-INF/" + name);
                require(
                        actual != null && Arrays.equals(actual, Files.readAllBytes(root.resolve(name))),
                        root.relativize(file) + " lacks META-INF/" + name + ", or has an older one");
            }
            for (String entry : entries) {
                require(jar.getEntry(entry) != null, root.relativize(file) + " lacks " + entry);
            }
        }
    }

    private void checkNoNatives(Path file) throws IOException {
        try (JarFile jar = new JarFile(file.toFile())) {
            jar.stream()
                    .filter(entry -> entry.getName().matches(".*\\.(so|dylib|dll)"))
                    .forEach(entry -> problems.add(file.getFileName() + " holds native code: " + entry.getName()));
        }
    }

    /** What Maven resolved: every library of others has to be in the second part of NOTICE. */
    private void checkSbom(Path file) throws IOException {
        if (!Files.exists(file)) {
            problems.add("there is no " + root.relativize(file));
            return;
        }
        JsonNode sbom = JSON.readTree(file.toFile());
        require(sbom.path("bomFormat").asText().equals("CycloneDX"), root.relativize(file) + " is not a CycloneDX document");
        String libraries = part("2. Libraries", "3. The demo").toLowerCase(Locale.ROOT);
        for (JsonNode component : sbom.path("components")) {
            String group = component.path("group").asText();
            if (!group.equals("dev.diffusion4j")) {
                // The project's own word in a group: com.twelvemonkeys.imageio, me.tongfei, com.fasterxml.jackson.core
                boolean named = Arrays.stream(group.split("\\."))
                        .filter(word -> word.length() > 3 && !word.equals("core"))
                        .anyMatch(libraries::contains);
                require(named, "NOTICE does not name " + group + ":" + component.path("name").asText());
                require(component.path("licenses").size() > 0, root.relativize(file) + " has no licence for " + group);
            }
        }
    }

    private void checkNatives(Path file, String classifier) throws Exception {
        checkJar(file);
        String folder = "META-INF/diffusion4j/" + classifier + "/";
        try (JarFile jar = new JarFile(file.toFile())) {
            Properties properties = new Properties();
            byte[] text = read(jar, folder + "natives.properties");
            byte[] sbom = read(jar, folder + "sbom.cdx.json");
            if (text == null || sbom == null) {
                problems.add(file.getFileName() + " lacks natives.properties or sbom.cdx.json in " + folder);
                return;
            }
            jar.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.matches("META-INF/diffusion4j/.+/.+") && !name.startsWith(folder))
                    .forEach(name -> problems.add(file.getFileName() + " holds another platform's " + name));
            properties.load(new ByteArrayInputStream(text));
            byte[] library = read(jar, folder + properties.getProperty("file"));
            require(library != null, file.getFileName() + " lacks " + properties.getProperty("file"));
            String sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(library));
            require(sha256.equals(properties.getProperty("sha256")), file.getFileName() + " holds another library than it says");

            String written = new String(sbom, StandardCharsets.UTF_8);
            require(!written.contains("${") && !Pattern.compile("@[A-Z]").matcher(written).find(),
                    "sbom.cdx.json of " + classifier + " has a value that nothing filled in");
            List<JsonNode> inside = new ArrayList<>();
            collect(JSON.readTree(sbom).path("components"), inside);
            for (JsonNode component : inside) {
                for (String licence : licences(component)) {
                    if (!component.at("/licenses/0/license/name").isTextual()) {
                        require(jar.getEntry("META-INF/licenses/" + licence + ".txt") != null,
                                file.getFileName() + " lacks the text of " + licence);
                    }
                }
            }
        }
        List<JsonNode> listed = new ArrayList<>();
        collect(JSON.readTree(root.resolve("native/third-party.cdx.json").toFile()).path("components"), listed);
        compareWithNotice(listed);
    }

    /** The first part of NOTICE has a line for each component, with its licence and copyright, and no other line. */
    private void compareWithNotice(List<JsonNode> components) {
        String part = part("1. Inside the native library", "2. Libraries");
        List<String> rows = part.lines().map(String::strip).filter(line -> line.matches("\\S.*? {2,}\\S.*")).toList();
        for (JsonNode component : components) {
            String name = component.path("name").asText();
            List<String> own = rows.stream().filter(row -> names(row, name)).toList();
            require(own.size() == 1, "NOTICE has " + own.size() + " lines for " + name);
            String row = String.join("", own);
            JsonNode expression = component.at("/licenses/0/expression");
            String licence = expression.isTextual() ? expression.asText() : String.join("", licences(component));
            require(row.contains(licence), "NOTICE says of " + name + ": " + row + "; the list has " + licence);
            component.path("copyright").asText().lines()
                    .forEach(line -> require(part.contains(line), "NOTICE lacks for " + name + ": " + line));
        }
        for (String row : rows) {
            require(components.stream().anyMatch(component -> names(row, component.path("name").asText())),
                    "native/third-party.cdx.json lacks: " + row);
        }
    }

    private static boolean names(String row, String name) {
        return row.matches(Pattern.quote(name) + "( \\(.*?\\))? {2,}.*");
    }

    private static void collect(JsonNode components, List<JsonNode> into) {
        for (JsonNode component : components) {
            into.add(component);
            collect(component.path("components"), into);
        }
    }

    /** Of an expression each part, else the identifier or the name. */
    private static List<String> licences(JsonNode component) {
        JsonNode first = component.at("/licenses/0");
        if (first.has("expression")) {
            return List.of(first.path("expression").asText().split(" (WITH|AND|OR) "));
        }
        JsonNode licence = first.path("license");
        return List.of(licence.has("id") ? licence.path("id").asText() : licence.path("name").asText());
    }

    private String part(String from, String to) {
        return notice.substring(notice.indexOf(from), notice.indexOf(to));
    }

    private static byte[] read(JarFile jar, String name) throws IOException {
        var entry = jar.getEntry(name);
        return entry == null ? null : jar.getInputStream(entry).readAllBytes();
    }

    private static String first(String pattern, String text) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        return matcher.find() ? matcher.group(1) : "";
    }

    private void require(boolean condition, String problem) {
        if (!condition && !problems.contains(problem)) {
            problems.add(problem);
        }
    }
}
