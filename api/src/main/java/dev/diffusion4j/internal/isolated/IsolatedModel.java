package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.GenerationParameters;
import dev.diffusion4j.IsolatedOptions;
import dev.diffusion4j.Lora;
import dev.diffusion4j.internal.CancellationFlag;
import dev.diffusion4j.internal.GenerationInputs;
import dev.diffusion4j.internal.GenerationObserver;
import dev.diffusion4j.internal.Model;
import dev.diffusion4j.internal.ModelInfo;
import dev.diffusion4j.internal.ModelParameters;
import dev.diffusion4j.internal.NativeLibrary;
import dev.diffusion4j.internal.Parts;
import dev.diffusion4j.internal.PartsInfo;
import dev.diffusion4j.internal.RgbImage;
import dev.diffusion4j.internal.Watch;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** A model in a process of its own, which is started again when it has died. */
public final class IsolatedModel implements Model {

    private final ModelParameters parameters;
    private final IsolatedOptions options;
    private ChildProcess child;
    private Reply.Opened opened;
    /** What a new child has to be told, so that a loop that goes on with it draws what it would have drawn. */
    private List<Lora> loras = List.of();

    private IsolatedModel(ModelParameters parameters, IsolatedOptions options) {
        this.parameters = parameters;
        this.options = options;
    }

    /** Starts a process and opens the model there. */
    public static IsolatedModel open(ModelParameters parameters, IsolatedOptions options) {
        IsolatedModel model = new IsolatedModel(parameters, options);
        model.requireChild();
        return model;
    }

    @Override
    public ModelInfo info() {
        return opened.info();
    }

    PartsInfo partsInfo() {
        return opened.parts();
    }

    @Override
    public Parts parts() {
        return new IsolatedParts(this);
    }

    @Override
    public List<RgbImage> generate(
            GenerationParameters generation,
            GenerationInputs inputs,
            GenerationObserver observer,
            CancellationFlag cancellation) {
        try (Watch watch = new Watch(observer, cancellation)) {
            return call(
                    "drawing",
                    watch,
                    exchange -> command(generation, inputs, watch, exchange),
                    (reply, exchange) -> exchange.read(((Reply.Pictures) reply).pictures()));
        }
    }

    private static Command command(
            GenerationParameters generation, GenerationInputs inputs, Watch watch, Exchange exchange) {
        return new Command.Generate(
                generation,
                inputs.init().map(exchange::input),
                inputs.mask().map(exchange::input),
                inputs.references().stream().map(exchange::input).toList(),
                inputs.resizeReferences(),
                inputs.distinctReferenceIndices(),
                watch.previewMode(),
                watch.previewInterval());
    }

    void setLoras(List<Lora> wanted, Watch watch) {
        // Those that cannot be applied must not keep a new child from starting.
        loras = List.of();
        if (!wanted.isEmpty() || child != null && child.isAlive()) {
            call("applying LoRAs", watch, exchange -> new Command.SetLoras(wanted), (reply, exchange) -> reply);
        }
        loras = wanted;
    }

    /** How the answer to a command becomes a result. */
    interface Reader<R> {
        R read(Reply reply, Exchange exchange);
    }

    /**
     * Has the child work.
     *
     * @param action for messages: "drawing"
     * @param watch sees the reports of the work and stops it; what its observer throws comes before everything else
     * @param work makes the command, and gives its data their places
     * @param reader takes the result
     */
    <R> R call(String action, Watch watch, Function<Exchange, Command> work, Reader<R> reader) {
        try {
            ChildProcess process = requireChild();
            Exchange exchange = new Exchange(process.memory());
            Command command = work.apply(exchange);
            exchange.write();
            Reply reply = process.ask(command, action, watch);
            watch.rethrow();
            return reader.read(reply, exchange);
        } catch (RuntimeException e) {
            watch.rethrowBefore(e);
            throw e;
        }
    }

    private ChildProcess requireChild() {
        if (child != null && child.isAlive()) {
            return child;
        }
        if (child != null) {
            NativeLibrary.logger().log(Level.WARNING, "the model's process died and is started again");
            ChildProcess dead = child;
            child = null;
            dead.close();
        }
        ChildProcess started = ChildProcess.start(options);
        try {
            Command open = new Command.Open(parameters, leastLogLevel());
            opened = (Reply.Opened) started.ask(open, "opening the model", Watch.NONE);
            if (!loras.isEmpty()) {
                started.ask(new Command.SetLoras(loras), "applying LoRAs", Watch.NONE);
            }
        } catch (RuntimeException | Error e) {
            try (started) {
                throw e;
            }
        }
        child = started;
        return child;
    }

    private static Level leastLogLevel() {
        return Stream.of(Level.TRACE, Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR)
                .filter(NativeLibrary.logger()::isLoggable)
                .findFirst()
                .orElse(Level.OFF);
    }

    @Override
    public void close() {
        if (child != null) {
            child.close();
        }
    }
}
