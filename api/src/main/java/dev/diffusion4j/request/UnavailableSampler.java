package dev.diffusion4j.request;

import static dev.diffusion4j.request.Sampler.DPM2;
import static dev.diffusion4j.request.Sampler.DPMPP_2M;
import static dev.diffusion4j.request.Sampler.DPMPP_2M_V2;
import static dev.diffusion4j.request.Sampler.DPMPP_2S_A;
import static dev.diffusion4j.request.Sampler.ER_SDE;
import static dev.diffusion4j.request.Sampler.EULER;
import static dev.diffusion4j.request.Sampler.EULER_A;
import static dev.diffusion4j.request.Sampler.HEUN;
import static dev.diffusion4j.request.Sampler.IPNDM;
import static dev.diffusion4j.request.Sampler.RES_2S;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Samplers of other programs that the runtime has not, and which of its own do about the same. */
enum UnavailableSampler {
    UNIPC("UniPC", List.of(DPMPP_2M, DPMPP_2M_V2), "unipc", "unipcbh2", "unipcmultistep"),
    DPMPP_SDE(
            "DPM++ SDE",
            List.of(ER_SDE, DPMPP_2S_A),
            "dpmppsde",
            "dpmppsdegpu",
            "dpmpp2msde",
            "dpmpp2msdegpu",
            "dpmpp2msdeheun",
            "dpmpp2msdeheungpu",
            "dpmpp3msde",
            "dpmpp3msdegpu",
            "dpmsolversde"),
    DPMPP_2S("DPM++ 2S", List.of(DPMPP_2S_A, RES_2S), "dpmpp2s", "dpmsolversinglestep"),
    DPM2_A("DPM2 a", List.of(DPM2, DPMPP_2S_A), "dpm2a"),
    DPM_FAST("DPM fast", List.of(DPMPP_2M), "dpmfast"),
    DPM_ADAPTIVE("DPM adaptive", List.of(DPMPP_2M), "dpmadaptive"),
    DEIS("DEIS", List.of(IPNDM, DPMPP_2M), "deis", "deismultistep"),
    HEUNPP2("Heun++ 2", List.of(HEUN), "heunpp2"),
    RESTART("Restart", List.of(HEUN), "restart"),
    DDPM("DDPM", List.of(EULER_A), "ddpm"),
    /** The schedulers of the loop in Java. */
    LMS("LMS (there is the scheduler lms)", List.of(EULER, DPMPP_2M), "lms"),
    PNDM("PLMS (there is the scheduler pndm)", List.of(IPNDM, DPMPP_2M), "plms", "pndm");

    private final String title;
    private final List<Sampler> near;
    private final Set<String> keys;

    UnavailableSampler(String title, List<Sampler> near, String... keys) {
        this.title = title;
        this.near = near;
        this.keys = Set.of(keys);
    }

    static Optional<UnavailableSampler> find(String key) {
        return Arrays.stream(values())
                .filter(sampler -> sampler.keys.contains(key))
                .findFirst();
    }

    /** Why there is none, and what to take. */
    String reason() {
        return title + " is not available, near it "
                + (near.size() == 1 ? "is " : "are ")
                + near.stream().map(Sampler::id).collect(Collectors.joining(" and "));
    }
}
