package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.internal.engine.GenerationObserver.ProgressKind;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.engine.UpscalerInfo;
import dev.diffusion4j.internal.engine.VideoOutput;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;

/** What the child tells the parent: reports while it works, then one of the others. */
sealed interface Reply {

    /** A line of the runtime's log, which may come at any time. */
    record Log(Level level, String text) implements Reply {}

    record Progress(ProgressKind kind, int step, int of) implements Reply {}

    /** Something that was asked for and is not done. */
    record Warning(String text) implements Reply {}

    /** Pixels come in the message, not in shared memory: the child does not wait until the parent has seen them. */
    record Preview(int step, int width, int height, byte[] rgb) implements Reply {}

    record Opened(ModelInfo info) implements Reply {}

    record OpenedUpscaler(UpscalerInfo info) implements Reply {}

    /** The work is done, and its tensors are written. */
    record Done() implements Reply {}

    record Pictures(List<SharedPicture> pictures) implements Reply {}

    record Video(List<SharedPicture> frames, Optional<VideoOutput.Audio> audio) implements Reply {}

    record Numbers(float[] values) implements Reply {}

    record Weight(SharedTensor tensor) implements Reply {}

    /** The work failed. */
    record Failed(Failure failure) implements Reply {}
}
