package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.sd_audio_t;
import dev.diffusion4j.internal.engine.VideoOutput;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** Takes what is heard that native code hands over. */
final class AudioStruct {

    private AudioStruct() {}

    /**
     * Copies the samples to the heap and frees the native ones, also where it fails.
     *
     * @param audio as the shim hands it over, null for none
     */
    static Optional<VideoOutput.Audio> take(MemorySegment audio) {
        if (audio.equals(MemorySegment.NULL)) {
            return Optional.empty();
        }
        try {
            MemorySegment struct = audio.reinterpret(sd_audio_t.sizeof());
            int channels = sd_audio_t.channels(struct);
            long bytes = sd_audio_t.sample_count(struct) * channels * Float.BYTES;
            float[] samples = sd_audio_t.data(struct).reinterpret(bytes).toArray(ValueLayout.JAVA_FLOAT);
            return Optional.of(new VideoOutput.Audio(sd_audio_t.sample_rate(struct), channels, samples));
        } finally {
            D4j.d4j_audio_free(audio);
        }
    }
}
