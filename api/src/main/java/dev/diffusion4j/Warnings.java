package dev.diffusion4j;

import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
     * @param listener told as the generation runs; without one the warnings are logged
     */
    Warnings(Optional<Consumer<? super String>> listener) {
        this.listener = listener.orElse(text -> NativeLibrary.logger().log(Level.WARNING, text));
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
