package dev.diffusion4j.cli.options;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.StepCache;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A step cache as typed: {@code ucache}, or with settings {@code ucache:threshold=1.2,start=0.1}.
 *
 * @param cache what it stands for
 */
public record CacheArgument(StepCache cache) {

    private static final String METHODS = "easycache, ucache, dbcache, taylorseer, cache-dit or spectrum";

    /** Reads {@code METHOD[:KEY=VALUE,...]}. */
    public static CacheArgument parse(String text) {
        String[] sides = text.split(":", 2);
        Settings settings = new Settings(text, sides.length == 2 ? sides[1] : "");
        StepCache cache = switch (sides[0].toLowerCase(Locale.ROOT).replace('_', '-')) {
            case "easycache" -> reuse(StepCache.easyCache(), settings);
            case "ucache" -> reuse(StepCache.uCache(), settings);
            case "dbcache" -> blocks(StepCache.dbCache(), settings);
            case "taylorseer" -> blocks(StepCache.taylorSeer(), settings);
            case "cache-dit" -> blocks(StepCache.cacheDit(), settings);
            case "spectrum" -> spectrum(StepCache.spectrum(), settings);
            default -> throw new InvalidRequestException("cache", text, "one of " + METHODS);
        };
        settings.requireAllUsed();
        return new CacheArgument(cache);
    }

    private static StepCache reuse(StepCache.Reuse usual, Settings settings) {
        return new StepCache.Reuse(
                usual.method(),
                settings.number("threshold", usual.threshold()),
                settings.number("start", usual.start()),
                settings.number("end", usual.end()),
                settings.number("decay", usual.errorDecayRate()),
                settings.flag("relative", usual.relativeThreshold()),
                settings.flag("reset", usual.resetErrorOnCompute()));
    }

    private static StepCache blocks(StepCache.Blocks usual, Settings settings) {
        return new StepCache.Blocks(
                usual.method(),
                settings.integer("first", usual.firstBlocks()),
                settings.integer("last", usual.lastBlocks()),
                settings.number("threshold", usual.residualThreshold()),
                settings.integer("warmup", usual.warmupSteps()),
                settings.integer("max", usual.maxCachedSteps()),
                settings.integer("max-continuous", usual.maxContinuousCachedSteps()),
                settings.integer("derivatives", usual.taylorDerivatives()),
                settings.integer("interval", usual.taylorSkipInterval()),
                // Commas separate settings, so that the mask is typed without: 110010.
                settings.text("mask")
                        .map(mask -> String.join(",", mask.split("")))
                        .or(usual::stepMask),
                settings.flag("dynamic", usual.dynamicStepMask()));
    }

    private static StepCache spectrum(StepCache.Spectrum usual, Settings settings) {
        return new StepCache.Spectrum(
                settings.number("weight", usual.weight()),
                settings.integer("order", usual.order()),
                settings.number("regularization", usual.regularization()),
                settings.integer("window", usual.window()),
                settings.number("flex", usual.flexWindow()),
                settings.integer("warmup", usual.warmupSteps()),
                settings.number("stop", usual.stop()));
    }

    /** The settings of one argument, taken out one by one. */
    private static final class Settings {

        private final String argument;
        private final Map<String, String> unused = new LinkedHashMap<>();
        private final StringBuilder known = new StringBuilder();

        Settings(String argument, String text) {
            this.argument = argument;
            for (String setting : text.isEmpty() ? new String[0] : text.split(",")) {
                String[] sides = setting.split("=", 2);
                if (sides.length != 2 || sides[0].isBlank() || sides[1].isBlank()) {
                    throw new InvalidRequestException("cache", argument, "METHOD or METHOD:KEY=VALUE,KEY=VALUE");
                }
                unused.put(sides[0].strip().toLowerCase(Locale.ROOT), sides[1].strip());
            }
        }

        Optional<String> text(String key) {
            known.append(known.isEmpty() ? "" : ", ").append(key);
            return Optional.ofNullable(unused.remove(key));
        }

        double number(String key, double usual) {
            Optional<String> text = text(key);
            try {
                return text.map(Double::parseDouble).orElse(usual);
            } catch (NumberFormatException e) {
                throw new InvalidRequestException("cache", argument, "given with a number for " + key);
            }
        }

        int integer(String key, int usual) {
            Optional<String> text = text(key);
            try {
                return text.map(Integer::parseInt).orElse(usual);
            } catch (NumberFormatException e) {
                throw new InvalidRequestException("cache", argument, "given with a whole number for " + key);
            }
        }

        boolean flag(String key, boolean usual) {
            return text(key)
                    .map(text -> switch (text.toLowerCase(Locale.ROOT)) {
                        case "1", "true", "yes", "on" -> true;
                        case "0", "false", "no", "off" -> false;
                        default ->
                            throw new InvalidRequestException("cache", argument, "given with true or false for " + key);
                    })
                    .orElse(usual);
        }

        void requireAllUsed() {
            if (!unused.isEmpty()) {
                throw new InvalidRequestException("cache", argument, "given with settings among " + known);
            }
        }
    }
}
