package dev.diffusion4j.spring.boot;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.hub.DownloadCancellation;
import dev.diffusion4j.hub.ModelDefaults;

/** Opens the models that properties describe. */
interface ModelSource {

    /**
     * Opens a model; what it is named by is downloaded if it is not on this machine.
     *
     * @param cancellation gives up a download
     */
    DiffusionModel open(ModelProperties properties, DownloadCancellation cancellation);

    /** What is usual for a model that is given by a short name. Nothing is downloaded for it. */
    ModelDefaults usual(ModelProperties properties);
}
