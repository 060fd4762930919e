package dev.diffusion4j.server.internal.models;

import dev.diffusion4j.DiffusionModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The models of the server, opened when they are used. What was not used for longest is closed where another one would not fit into
 * the memory budget beside it. One thread opens and uses models; the others ask what there is.
 */
public final class ModelPool implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(ModelPool.class.getName());

    private final Map<String, Slot> slots = new LinkedHashMap<>();
    private final long budget;
    private boolean closed;

    private static final class Slot {

        private final ModelSource source;
        private DiffusionModel open;
        private ModelDefaults defaults;
        private long usedAt;

        private Slot(ModelSource source) {
            this.source = source;
        }

        private ServedModel view() {
            return new ServedModel(source, open != null, Optional.ofNullable(defaults));
        }
    }

    /**
     * @param sources of different names, at least one
     * @param budget the most bytes of open models; one that is larger by itself is open alone
     */
    public ModelPool(List<ModelSource> sources, long budget) {
        sources.forEach(source -> slots.put(source.name(), new Slot(source)));
        this.budget = budget;
    }

    /** All models, in the order in which they were given. */
    public synchronized List<ServedModel> models() {
        return slots.values().stream().map(Slot::view).toList();
    }

    /** The model of a name. */
    public synchronized Optional<ServedModel> find(String name) {
        return Optional.ofNullable(slots.get(name)).map(Slot::view);
    }

    /** The model that is used where none is named. */
    public ServedModel first() {
        return models().getFirst();
    }

    /**
     * Opens a model, if it is not open, and closes others for it. The caller must not use another model of the pool any more.
     *
     * @throws dev.diffusion4j.error.DiffusionException if it cannot be opened
     */
    public DiffusionModel open(String name) {
        for (DiffusionModel unused : makeRoom(name)) {
            unused.close();
        }
        DiffusionModel open;
        ModelSource source;
        synchronized (this) {
            Slot slot = slots.get(name);
            open = slot.open;
            source = slot.source;
        }
        // Reads a file or starts a process: nobody who only asks should wait for that.
        DiffusionModel model = open == null ? source.opener().get() : open;
        if (!keep(name, model)) {
            model.close();
            throw new IllegalStateException("the pool is closed");
        }
        return model;
    }

    private synchronized boolean keep(String name, DiffusionModel model) {
        if (closed) {
            return false;
        }
        Slot slot = slots.get(name);
        slot.open = model;
        slot.usedAt = System.nanoTime();
        if (slot.defaults == null) {
            slot.defaults = ModelDefaults.of(model, slot.source.defaults());
        }
        return true;
    }

    private synchronized List<DiffusionModel> makeRoom(String name) {
        Slot wanted = slots.get(name);
        List<DiffusionModel> unused = new ArrayList<>();
        List<Slot> others = slots.values().stream()
                .filter(slot -> slot != wanted && slot.open != null)
                .sorted(Comparator.comparingLong(slot -> slot.usedAt))
                .toList();
        for (Slot other : others) {
            // All that is open and this one, which may be among them.
            long needed = loadedBytes() + (wanted.open == null ? wanted.source.bytes() : 0);
            if (needed <= budget) {
                break;
            }
            LOG.log(System.Logger.Level.DEBUG, "closing {0} for {1}", other.source.name(), name);
            unused.add(other.open);
            other.open = null;
        }
        return unused;
    }

    /** How much memory open models are taken to need. */
    public synchronized long loadedBytes() {
        return slots.values().stream()
                .filter(slot -> slot.open != null)
                .mapToLong(slot -> slot.source.bytes())
                .sum();
    }

    /** Closes all models; what runs on them is cancelled. */
    @Override
    public void close() {
        List<DiffusionModel> open = new ArrayList<>();
        synchronized (this) {
            closed = true;
            for (Slot slot : slots.values()) {
                if (slot.open != null) {
                    open.add(slot.open);
                    slot.open = null;
                }
            }
        }
        open.forEach(DiffusionModel::close);
    }
}
