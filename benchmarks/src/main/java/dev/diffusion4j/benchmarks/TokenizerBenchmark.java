package dev.diffusion4j.benchmarks;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** CLIP's tokenizer beside DJL's Hugging Face tokenizers, which call native code, from a prompt to its ids. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@State(Scope.Benchmark)
public class TokenizerBenchmark {

    @Param({"short", "usual", "long", "unicode"})
    public String prompt;

    private String text;
    private ClipTokenizer ours;
    private HuggingFaceTokenizer theirs;

    @Setup(Level.Trial)
    public void setUp() throws IOException {
        text = switch (prompt) {
            case "short" -> "a red circle on a white background";
            case "usual" ->
                "portrait of an old lighthouse keeper, weathered face, oil painting, dramatic light, highly detailed,"
                        + " sharp focus, by rembrandt, trending on artstation";
            case "long" ->
                "a sprawling coastal city at dusk seen from a hill, terracotta roofs, narrow winding streets, lanterns "
                        + "being lit, fishing boats returning to the harbour, seagulls, thunderclouds over the sea with "
                        + "a last band of orange light, tiny people on the market square, intricate, cinematic "
                        + "composition, volumetric lighting, 35mm photograph, film grain, depth of field";
            case "unicode" -> "ein Café am Fluß, 東京の夜景, naïve façade — «très détaillé», 🎨 Ölgemälde";
            default -> throw new IllegalArgumentException(prompt);
        };
        ours = ClipTokenizer.load();
        theirs = HuggingFaceTokenizer.newInstance(Workspace.root().resolve("tokenizer.json"));
        long[] framed = LongStream.concat(
                        LongStream.of(ClipTokenizer.START_OF_TEXT),
                        LongStream.concat(
                                Arrays.stream(ours.tokenIds(text)).asLongStream(),
                                LongStream.of(ClipTokenizer.END_OF_TEXT)))
                .toArray();
        if (!Arrays.equals(framed, djl())) {
            throw new IllegalStateException(
                    "the ids differ: " + Arrays.toString(framed) + " and " + Arrays.toString(djl()));
        }
    }

    @TearDown(Level.Trial)
    public void close() {
        theirs.close();
    }

    @Benchmark
    public int[] diffusion4j() {
        return ours.tokenIds(text);
    }

    @Benchmark
    public long[] djl() {
        return theirs.encode(text).getIds();
    }
}
