package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.format.Names;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the name of a sampler says where people copy it from: the sampler and, in names such as {@code DPM++ 2M Karras}, the
 * noise schedule as well.
 *
 * @param sampler the sampler
 * @param schedule the schedule, if the name has one
 */
public record SamplerChoice(Sampler sampler, Optional<NoiseSchedule> schedule) {

    public SamplerChoice {
        Objects.requireNonNull(sampler, "sampler");
        Objects.requireNonNull(schedule, "schedule");
    }

    /** Where a name is taken apart: a schedule's name that ends it. */
    private record Ending(NoiseSchedule schedule, String key) {}

    /**
     * Finds a sampler, and a schedule behind it, by the names of this runtime, web user interfaces, k-diffusion and diffusers,
     * ignoring case, spaces, {@code _}, {@code -} and with {@code pp} for {@code ++}: {@code DPM++ 2M Karras},
     * {@code dpmpp_2m_karras}, {@code k_euler_a}, {@code euler_ancestral}, {@code EulerAncestralDiscreteScheduler}.
     *
     * @throws InvalidRequestException if no sampler has that name; the message lists all, and of one that is known elsewhere
     *     it names those near it
     */
    public static SamplerChoice of(String name) {
        String key = Names.samplerKey(name);
        return find(key, Sampler::find)
                .map(found -> new SamplerChoice(found.value(), found.schedule()))
                .orElseThrow(() -> new InvalidRequestException("sampler", name, allowed(key)));
    }

    private static String allowed(String key) {
        String list =
                "one of " + Arrays.stream(Sampler.values()).map(Sampler::id).collect(Collectors.joining(", "));
        return find(key, UnavailableSampler::find)
                .map(found -> "another one: " + found.value().reason() + "; " + list)
                .orElse(list);
    }

    private record Found<T>(T value, Optional<NoiseSchedule> schedule) {}

    /** By the whole key, or else by what is before the longest schedule's name that leaves something known. */
    private static <T> Optional<Found<T>> find(String key, Function<String, Optional<T>> search) {
        Optional<Found<T>> whole = search.apply(key).map(value -> new Found<>(value, Optional.empty()));
        return whole.or(() -> endings()
                .filter(ending -> key.endsWith(ending.key()))
                .flatMap(ending -> search
                        .apply(key.substring(0, key.length() - ending.key().length()))
                        .map(value -> new Found<>(value, Optional.of(ending.schedule())))
                        .stream())
                .findFirst());
    }

    private static Stream<Ending> endings() {
        return Arrays.stream(NoiseSchedule.values())
                .flatMap(schedule -> schedule.keys().map(key -> new Ending(schedule, key)))
                .sorted(Comparator.comparing(Ending::key, Comparator.comparingInt(String::length))
                        .reversed());
    }

    /** Such as {@code dpm++2m karras}. */
    @Override
    public String toString() {
        return sampler + schedule.map(kind -> " " + kind).orElse("");
    }
}
