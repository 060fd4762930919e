package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.NativeRuntime;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.device.Device;
import dev.diffusion4j.device.NativeDiagnosis;
import dev.diffusion4j.device.NativeDiagnosis.Outcome;
import java.io.File;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse doctor}: what this installation consists of, and why it does not draw if it does not. */
@Command(
        name = "doctor",
        header = {"Show what this installation consists of, and find out why it does not draw.", ""},
        description = {
            "Tells where the native library is looked for and what became of each place, then draws a small picture with"
                    + " the demo model in a process of its own, so that even a crash is told.",
            "Ends with 0 if that worked, otherwise with the exit code of what failed."
        })
final class DoctorCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Option(names = "--json", description = "Write one JSON object.")
    private boolean json;

    private final ObjectNode report = new ObjectMapper().createObjectNode();
    private PrintStream out;

    @Override
    public Integer call() {
        out = json
                ? new PrintStream(PrintStream.nullOutputStream())
                : diffuse.console().out();
        RuntimeException failure = null;
        try {
            examine();
            section("Everything that drawing needs is here.");
        } catch (RuntimeException e) {
            failure = e;
        }
        report.put("draws", failure == null);
        if (failure != null) {
            report.put("failure", failure.getMessage());
        }
        if (json) {
            diffuse.console().printJson(report);
        }
        if (failure != null) {
            out.println();
            out.flush();
            throw failure;
        }
        return ExitCode.OK;
    }

    private void examine() {
        machine();
        NativeDiagnosis diagnosis = NativeRuntime.diagnose();
        natives(diagnosis);
        if (diagnosis.failure().isPresent()) {
            throw diagnosis.failure().get();
        }
        devices();
        draw();
    }

    private void machine() {
        String os = System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch");
        int processors = Runtime.getRuntime().availableProcessors();
        line("diffuse", "version", NativeRuntime.version());
        line("java", "java", Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
        line("java home", "javaHome", System.getProperty("java.home"));
        line("system", "system", os);
        out.printf("%-15s %d%n", "processors", processors);
        report.put("processors", processors);
        OperatingSystemMXBean memory = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        long heap = Runtime.getRuntime().maxMemory();
        out.printf(
                "%-15s %s, %s free; Java heap up to %s%n",
                "memory",
                Quantity.bytes(memory.getTotalMemorySize()),
                Quantity.bytes(memory.getFreeMemorySize()),
                Quantity.bytes(heap));
        report.putObject("memory")
                .put("total", memory.getTotalMemorySize())
                .put("free", memory.getFreeMemorySize())
                .put("javaHeapMost", heap);
    }

    private void natives(NativeDiagnosis diagnosis) {
        line("natives for", "platform", diagnosis.platform());
        report.put("nativeAccess", diagnosis.nativeAccess());
        out.printf(
                "%-15s %s%n",
                "native access",
                diagnosis.nativeAccess() ? "enabled" : "not enabled: add --enable-native-access=ALL-UNNAMED");
        line("OMP_WAIT_POLICY", "ompWaitPolicy", diagnosis.waitPolicy());

        section("The native library is looked for in these places:");
        diagnosis.places().forEach(place -> {
            item(place.outcome(), place.name() + ": " + place.detail());
            report.withArray("places")
                    .addObject()
                    .put("name", place.name())
                    .put("outcome", word(place.outcome()))
                    .put("detail", place.detail());
        });

        section("It is unpacked into the first of these folders that will do:");
        diagnosis.caches().forEach(cache -> {
            String permissions = !new File(cache.path()).isDirectory()
                    ? " (does not exist)"
                    : cache.permissions().isEmpty() ? "" : " (" + cache.permissions() + ")";
            String noExec = cache.noExec() ? ", mounted noexec: nothing in it can be run" : "";
            String detail = cache.detail().isEmpty() ? "" : ": " + cache.detail();
            item(cache.outcome(), cache.path() + permissions + noExec + detail);
            report.withArray("caches")
                    .addObject()
                    .put("path", cache.path())
                    .put("outcome", word(cache.outcome()))
                    .put("detail", cache.detail())
                    .put("permissions", cache.permissions())
                    .put("noExec", cache.noExec());
        });
        diagnosis.library().ifPresent(this::library);
    }

    private void library(NativeDiagnosis.Library library) {
        out.println();
        ObjectNode node = report.putObject("library");
        line(node, "library", "file", library.file().toString());
        line(node, "runtime", "source", library.source());
        out.printf("%-15s %d%n", "ABI", library.abi());
        node.put("abi", library.abi());
        out.printf("%-15s %s%n", "backends", String.join(", ", library.backends()));
        library.backends().forEach(node.putArray("backends")::add);
        library.cpuVariant().ifPresent(variant -> line(node, "CPU variant", "cpuVariant", variant));
        out.printf("%-15s %d on the CPU%n", "threads", library.threads());
        node.put("threads", library.threads());
        out.printf("%-15s %s%n", "CPU features", String.join(" ", library.processorFeatures()));
        library.processorFeatures().forEach(node.putArray("processorFeatures")::add);
    }

    private void devices() {
        section("Models can run on:");
        List<Device> devices = NativeRuntime.devices();
        DevicesCommand.lines(devices, Map.of()).forEach(line -> out.println("  " + line));
        report.set("devices", DevicesCommand.toJson(devices, Map.of()));
    }

    /** Draws in a process of its own: wrong instructions for this processor end it and not this one. */
    private void draw() {
        Path model = DemoModel.path();
        out.println();
        line("demo model", "demoModel", model.toString());
        out.flush();
        long start = System.nanoTime();
        try (DiffusionModel opened = DiffusionModel.options().isolated().open(model)) {
            GeneratedImage image =
                    opened.textToImage("a red circle").size(64, 64).steps(1).generate();
            double seconds = (System.nanoTime() - start) / 1e9;
            out.printf(
                    Locale.ROOT,
                    "%-15s %dx%d, one step, in %.1f s with its start%n",
                    "drew",
                    image.width(),
                    image.height(),
                    seconds);
            report.put("seconds", seconds);
        }
    }

    private void section(String title) {
        out.println();
        out.println(title);
    }

    private void item(Outcome outcome, String text) {
        out.printf("  %-11s %s%n", word(outcome), text);
    }

    private static String word(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private void line(String name, String key, String value) {
        line(report, name, key, value);
    }

    private void line(ObjectNode node, String name, String key, String value) {
        out.printf("%-15s %s%n", name, value);
        node.put(key, value);
    }
}
