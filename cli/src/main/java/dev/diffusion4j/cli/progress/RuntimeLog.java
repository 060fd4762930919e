package dev.diffusion4j.cli.progress;

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
    private final Handler handler;

    /** Shows messages of this level and above. */
    public RuntimeLog(Level level, Consumer<String> lines) {
        handler = new LineHandler(lines);
        handler.setLevel(level.level);
        logger.setLevel(level.level);
        logger.setUseParentHandlers(false);
        logger.addHandler(handler);
    }

    @Override
    public void close() {
        logger.removeHandler(handler);
    }

    private static final class LineHandler extends Handler {

        private final Consumer<String> lines;
        private final SimpleFormatter formatter = new SimpleFormatter();

        LineHandler(Consumer<String> lines) {
            this.lines = lines;
        }

        @Override
        public void publish(LogRecord entry) {
            if (isLoggable(entry)) {
                lines.accept(word(entry.getLevel()) + ": " + formatter.formatMessage(entry));
            }
        }

        private static String word(java.util.logging.Level level) {
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
