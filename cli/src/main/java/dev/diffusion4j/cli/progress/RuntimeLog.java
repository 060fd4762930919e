package dev.diffusion4j.cli.progress;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** Sends what the library and the native runtime log to the user while it is open, a line each. */
public final class RuntimeLog implements AutoCloseable {

    /** How much is shown. */
    public enum Level {
        OFF(java.util.logging.Level.OFF),
        ERROR(java.util.logging.Level.SEVERE),
        WARNING(java.util.logging.Level.WARNING),
        /** What the library passes on as {@link System.Logger.Level#DEBUG}. */
        INFO(java.util.logging.Level.FINE),
        /** What the library passes on as {@link System.Logger.Level#TRACE}. */
        DEBUG(java.util.logging.Level.FINER);

        private final java.util.logging.Level level;

        Level(java.util.logging.Level level) {
            this.level = level;
        }
    }

    private final Logger logger = Logger.getLogger("dev.diffusion4j");
    private final Consumer<String> lines;
    private final List<String> heldBack = new ArrayList<>();
    private final Handler handler;

    private RuntimeLog(Level level, boolean holdErrorsBack, Consumer<String> lines) {
        this.lines = lines;
        handler = new LineHandler(holdErrorsBack);
        handler.setLevel(level.level);
        logger.setLevel(level.level);
        logger.setUseParentHandlers(false);
        logger.addHandler(handler);
    }

    /** Shows messages of this level and above as they come. */
    public static RuntimeLog showing(Level level, Consumer<String> lines) {
        return new RuntimeLog(level, false, lines);
    }

    /**
     * Shows warnings as they come, and errors only where {@link #succeeded()} follows: of a failure the exception speaks,
     * and one message is enough.
     */
    public static RuntimeLog showingWhatIsNotSaidElsewhere(Level level, Consumer<String> lines) {
        return new RuntimeLog(level, true, lines);
    }

    /** Says that no exception will tell of the errors. */
    public synchronized void succeeded() {
        heldBack.forEach(lines);
        heldBack.clear();
    }

    private synchronized void publish(LogRecord entry, String line, boolean holdErrorsBack) {
        if (holdErrorsBack && entry.getLevel().equals(Level.ERROR.level)) {
            heldBack.add(line);
        } else {
            lines.accept(line);
        }
    }

    @Override
    public void close() {
        logger.removeHandler(handler);
    }

    private final class LineHandler extends Handler {

        private final SimpleFormatter formatter = new SimpleFormatter();
        private final boolean holdErrorsBack;

        LineHandler(boolean holdErrorsBack) {
            this.holdErrorsBack = holdErrorsBack;
        }

        @Override
        public void publish(LogRecord entry) {
            if (isLoggable(entry)) {
                String line = word(entry.getLevel()) + ": " + formatter.formatMessage(entry);
                RuntimeLog.this.publish(entry, line, holdErrorsBack);
            }
        }

        private String word(java.util.logging.Level level) {
            for (Level known : Level.values()) {
                if (known.level.equals(level)) {
                    return known.name().toLowerCase(Locale.ROOT);
                }
            }
            return level.getName().toLowerCase(Locale.ROOT);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
