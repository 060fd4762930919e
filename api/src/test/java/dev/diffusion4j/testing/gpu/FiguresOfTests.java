package dev.diffusion4j.testing.gpu;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * Adds each test to the {@link Figures} when it begins and when it ends: what a process that is ended, or that a GPU takes
 * along, was doing is known then. JUnit finds it where {@code junit.jupiter.extensions.autodetection.enabled} is true.
 */
public final class FiguresOfTests implements BeforeEachCallback, TestWatcher {

    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(FiguresOfTests.class);
    private static final int MESSAGE_LENGTH = 500;

    /** For the service loader. */
    public FiguresOfTests() {}

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(NAMESPACE).put("start", System.nanoTime());
        add(context, "started", null);
    }

    @Override
    public void testSuccessful(ExtensionContext context) {
        add(context, "passed", null);
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        add(context, "failed", cause.toString());
    }

    @Override
    public void testAborted(ExtensionContext context, Throwable cause) {
        add(context, "skipped", cause.toString());
    }

    @Override
    public void testDisabled(ExtensionContext context, Optional<String> reason) {
        add(context, "skipped", reason.orElse(null));
    }

    private static void add(ExtensionContext context, String status, String message) {
        Map<String, Object> figures = new LinkedHashMap<>();
        // Of a class that runs for several parameters, with what it runs for.
        String parent =
                context.getParent().map(ExtensionContext::getDisplayName).orElse("");
        figures.put("class", context.getRequiredTestClass().getSimpleName());
        figures.put("of", parent);
        figures.put("test", context.getDisplayName());
        figures.put("status", status);
        Long start = context.getStore(NAMESPACE).get("start", Long.class);
        if (start != null && !status.equals("started")) {
            figures.put("seconds", (System.nanoTime() - start) / 1e9);
        }
        if (message != null) {
            figures.put("message", message.substring(0, Math.min(MESSAGE_LENGTH, message.length())));
        }
        Figures.add("test", figures);
    }
}
