package dev.diffusion4j.spring.boot;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.FakeModel;
import dev.diffusion4j.hub.DownloadCancellation;
import dev.diffusion4j.hub.ModelDefaults;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Models without native code. */
final class FakeSource implements ModelSource {

    final List<FakeModel> opened = new CopyOnWriteArrayList<>();
    RuntimeException failure;
    ModelDefaults usual = ModelDefaults.NONE;

    @Override
    public DiffusionModel open(ModelProperties properties, DownloadCancellation cancellation) {
        if (failure != null && properties.getModel().contains("broken")) {
            throw failure;
        }
        FakeModel model = new FakeModel();
        opened.add(model);
        return model;
    }

    @Override
    public ModelDefaults usual(ModelProperties properties) {
        return usual;
    }
}
