package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.format.Names;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The native runtime's samplers: how each denoising step moves the latents. Names are the ones users know from other
 * tools; {@link #id()} is the runtime's own spelling.
 */
public enum Sampler {
    EULER("euler", "Euler"),
    EULER_A("euler_a", "Euler a"),
    HEUN("heun", "Heun"),
    DPM2("dpm2", "DPM2"),
    DPMPP_2S_A("dpm++2s_a", "DPM++ 2S a"),
    DPMPP_2M("dpm++2m", "DPM++ 2M"),
    DPMPP_2M_V2("dpm++2mv2", "DPM++ 2M v2"),
    IPNDM("ipndm", "iPNDM"),
    IPNDM_V("ipndm_v", "iPNDM_v"),
    LCM("lcm", "LCM"),
    DDIM_TRAILING("ddim_trailing", "DDIM"),
    TCD("tcd", "TCD"),
    RES_MULTISTEP("res_multistep", "Res Multistep"),
    RES_2S("res_2s", "Res 2s"),
    ER_SDE("er_sde", "ER-SDE"),
    EULER_CFG_PP("euler_cfg_pp", "Euler CFG++"),
    EULER_A_CFG_PP("euler_a_cfg_pp", "Euler a CFG++"),
    EULER_GE("euler_ge", "Euler GE");

    private final String id;
    private final String title;

    Sampler(String id, String title) {
        this.id = id;
        this.title = title;
    }

    /** The runtime's own name, such as {@code dpm++2m}. */
    public String id() {
        return id;
    }

    /** The name that picture metadata carries, such as {@code DPM++ 2M}. */
    public String title() {
        return title;
    }

    /**
     * Finds a sampler by a name that {@link SamplerChoice#of} understands, if that says nothing of a schedule.
     *
     * @throws InvalidRequestException if no sampler has that name (the message lists all), or the name has a schedule too
     */
    public static Sampler of(String name) {
        SamplerChoice choice = SamplerChoice.of(name);
        choice.schedule().ifPresent(schedule -> {
            throw new InvalidRequestException(
                    "sampler",
                    name,
                    "a sampler alone, such as " + choice.sampler() + ": the name says the schedule " + schedule
                            + " too, for which there is SamplerChoice.of");
        });
        return choice.sampler();
    }

    /** By what {@link Names#samplerKey} makes of a name. */
    static Optional<Sampler> find(String key) {
        return Arrays.stream(values())
                .filter(sampler -> sampler.keys().map(Names::samplerKey).anyMatch(key::equals))
                .findFirst();
    }

    private Stream<String> keys() {
        Stream<String> others = switch (this) {
            case DPMPP_2M -> Stream.of("dpmsolvermultistep", "dpmsolver++");
            case EULER_GE -> Stream.of("gradient_estimation");
            default -> Stream.empty();
        };
        return Stream.concat(Stream.of(id, title, name()), others);
    }

    /** Whether a step calls the U-Net twice. */
    public boolean isSecondOrder() {
        return switch (this) {
            case HEUN, DPM2, DPMPP_2S_A, RES_2S -> true;
            default -> false;
        };
    }

    @Override
    public String toString() {
        return id.toLowerCase(Locale.ROOT);
    }
}
