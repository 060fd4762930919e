package dev.diffusion4j;

import dev.diffusion4j.internal.NativeLibrary;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a generation was asked for and does not do, in sentences for the user. Made where the request is checked, then used
 * on the model's thread.
 */
final class Warnings {

    private final Consumer<? super String> listener;
    private final List<String> waiting = new ArrayList<>();
    private final List<String> told = new ArrayList<>();

    /**
     * @param listener told as the generation runs; null to have the warnings logged
     */
    Warnings(Consumer<? super String> listener) {
        this.listener = listener == null ? text -> NativeLibrary.logger().log(Level.WARNING, text) : listener;
    }

    /** Keeps what was found out before the generation's turn has come. */
    void addBefore(String text) {
        waiting.add(text);
    }

    /** Tells what was found out before. */
    void begin() {
        waiting.forEach(this::add);
        waiting.clear();
    }

    void add(String text) {
        told.add(text);
        listener.accept(text);
    }

    /** All that were told, in their order. */
    List<String> all() {
        return List.copyOf(told);
    }
}
