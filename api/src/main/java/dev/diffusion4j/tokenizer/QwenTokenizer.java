package dev.diffusion4j.tokenizer;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.NativeLibraryException;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.internal.ffm.library.Vocabularies;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Qwen's tokenizer: text to token ids and back, by byte pairs. For any text its ids are those of Hugging Face's
 * {@code Qwen2Tokenizer} (transformers 5.23.0) with the files of Qwen2.5-VL, which Qwen-Image uses, or of Qwen3, which
 * Z-Image and FLUX.2 klein use. {@link PromptTemplate} has what these models put around a prompt.
 *
 * <p>Text is composed (NFC) and cut into words as the reference does it, whatever Unicode version the JDK has. Special tokens
 * such as {@code <|im_start|>} are read as such when they appear in a text, as in the reference. Half a surrogate pair, which
 * the reference cannot be given, is read as U+FFFD. Brackets are punctuation. Nothing is ever refused or cut silently; the work
 * grows little more than linearly with the text.
 *
 * <p>Models whose text encoder is a Qwen are given these ids when they draw, too.
 *
 * <p>Immutable, so any number of threads may share one. Building one takes a fraction of a second and some tens of megabytes;
 * those that {@link #loadQwen2()} and {@link #loadQwen3()} give share their byte pairs.
 */
public final class QwenTokenizer {

    /** The id that fills up an input: {@code <|endoftext|>}, the first behind the byte pairs. */
    public static final int PADDING = 151643;

    private static final List<String> TURNS = List.of(
            "<|endoftext|>",
            "<|im_start|>",
            "<|im_end|>",
            "<|object_ref_start|>",
            "<|object_ref_end|>",
            "<|box_start|>",
            "<|box_end|>",
            "<|quad_start|>",
            "<|quad_end|>",
            "<|vision_start|>",
            "<|vision_end|>",
            "<|vision_pad|>",
            "<|image_pad|>",
            "<|video_pad|>");

    /** Found like the others, but not left out of a text without special tokens. */
    private static final List<String> TOOLS = List.of(
            "<tool_call>",
            "</tool_call>",
            "<|fim_prefix|>",
            "<|fim_middle|>",
            "<|fim_suffix|>",
            "<|fim_pad|>",
            "<|repo_name|>",
            "<|file_sep|>");

    private static final List<String> THOUGHTS = List.of("<tool_response>", "</tool_response>", "<think>", "</think>");

    private static final int MERGES = PADDING - 256;

    /** Of the native library; null until it is asked for. */
    private static volatile @Nullable BytePairs nativeVocabulary;

    private final BytePairs bytePairs;
    private final SpecialTokens specialTokens;

    private QwenTokenizer(BytePairs bytePairs, SpecialTokens specialTokens) {
        this.bytePairs = bytePairs;
        this.specialTokens = specialTokens;
    }

    /**
     * The tokenizer of Qwen2.5 and its models for pictures, with the vocabulary that the native library carries: 151,665 ids.
     *
     * @throws NativeLibraryException if the native library cannot be used here
     */
    public static QwenTokenizer loadQwen2() {
        return new QwenTokenizer(nativeVocabulary(), specialTokens(List.of()));
    }

    /**
     * The tokenizer of Qwen3, with the vocabulary that the native library carries: 151,669 ids. Beside those of Qwen2.5 it has
     * {@code <think>} and three more.
     *
     * @throws NativeLibraryException if the native library cannot be used here
     */
    public static QwenTokenizer loadQwen3() {
        return new QwenTokenizer(nativeVocabulary(), specialTokens(THOUGHTS));
    }

    private static SpecialTokens specialTokens(List<String> more) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (List<String> tokens : List.of(TURNS, TOOLS, more)) {
            tokens.forEach(token -> ids.put(token, PADDING + ids.size()));
        }
        Set<Integer> skipped = new LinkedHashSet<>();
        TURNS.forEach(token -> skipped.add(ids.get(token)));
        return new SpecialTokens(ids, skipped);
    }

    private static BytePairs nativeVocabulary() {
        NativeLibrary.load();
        BytePairs vocabulary = nativeVocabulary;
        if (vocabulary == null) {
            synchronized (QwenTokenizer.class) {
                vocabulary = nativeVocabulary;
                if (vocabulary == null) {
                    vocabulary = bytePairs(Vocabularies.qwenMerges().lines().toList());
                    nativeVocabulary = vocabulary;
                }
            }
        }
        return vocabulary;
    }

    private static BytePairs bytePairs(List<String> merges) {
        if (merges.size() != MERGES) {
            throw new InvalidRequestException("merges", merges.size() + " of them", "Qwen's " + MERGES);
        }
        return new BytePairs(merges, 1, "", List.of());
    }

    /**
     * Builds the tokenizer from the {@code tokenizer.json} of a model of Qwen2, 2.5 or 3, which pipelines have in the folder
     * {@code tokenizer}. Merges and added tokens are read.
     *
     * @param json the whole text
     * @throws InvalidRequestException if it is another model's, or damaged
     */
    public static QwenTokenizer fromJson(String json) {
        TokenizerJson read = new TokenizerJson(json, "BPE");
        BytePairs bytePairs = bytePairs(read.merges());
        for (Map.Entry<?, ?> entry : read.vocabulary().entrySet()) {
            OptionalInt id = bytePairs.id((String) entry.getKey());
            if (id.isPresent() && !Long.valueOf(id.getAsInt()).equals(entry.getValue())) {
                throw TokenizerJson.refused(
                        "one with the id " + entry.getValue() + " for " + entry.getKey(),
                        "Qwen's, where it is " + id.getAsInt());
            }
        }
        Map<String, Integer> ids = new LinkedHashMap<>();
        Set<Integer> skipped = new LinkedHashSet<>();
        for (TokenizerJson.Added token : read.addedTokens()) {
            if (token.id() != PADDING + ids.size()) {
                throw TokenizerJson.refused(
                        "one that adds " + token.text() + " as " + token.id(),
                        "Qwen's, which adds tokens from " + PADDING + " on in order");
            }
            ids.put(token.text(), token.id());
            if (token.special()) {
                skipped.add(token.id());
            }
        }
        if (!ids.containsKey(TURNS.getFirst())) {
            throw TokenizerJson.refused("one that does not add " + TURNS.getFirst(), "Qwen's");
        }
        return new QwenTokenizer(bytePairs, new SpecialTokens(ids, skipped));
    }

    /** How many ids there are. They run from 0 to one less; text encoders have rows for more. */
    public int vocabularySize() {
        return PADDING + specialTokens.size();
    }

    /** The ids of a text of any length, without padding. */
    public int[] tokenIds(String text) {
        IntStream.Builder ids = IntStream.builder();
        specialTokens.split(ReferenceUnicode.replaceLoneSurrogates(text), plain -> addIds(plain, ids), ids);
        return ids.build().toArray();
    }

    private void addIds(String text, IntStream.Builder ids) {
        QwenText.forEachWord(
                ReferenceUnicode.compose(text), word -> bytePairs.encode(word).forEach(ids));
    }

    /**
     * Encodes a text for the text encoder: its tokens, and padding behind them. There is no start and no end. If the tokens are
     * too many, the first are kept, and {@link Tokens#droppedCount()} tells how many more there were.
     *
     * @param length how many ids there are in all, at least 1: 512 for Z-Image and FLUX.2 klein, template among them
     * @throws InvalidRequestException if the length is less than 1
     */
    public Tokens encode(String text, int length) {
        if (length < 1) {
            throw new InvalidRequestException("length", length, "at least 1");
        }
        int[] ids = tokenIds(text);
        int kept = Math.min(ids.length, length);
        return Tokens.padded(Arrays.copyOf(ids, kept), length, ids.length - kept, PADDING);
    }

    /**
     * The vocabulary's entry for an id, in which each byte that is no printable character of Latin-1 is shown as another
     * character, such as a space as {@code Ġ} (U+0120).
     *
     * @throws InvalidRequestException if there is no such id
     */
    public String token(int id) {
        requireId(id);
        String special = specialTokens.token(id);
        return special == null ? bytePairs.token(id) : special;
    }

    /** The id of an entry as {@link #token} gives it, none for anything else. */
    public OptionalInt idOf(String token) {
        Integer special = specialTokens.id(token);
        return special == null ? bytePairs.id(token) : OptionalInt.of(special);
    }

    /**
     * Text of one id, as {@link #decode(int[], boolean)} gives it with special tokens.
     *
     * @throws InvalidRequestException if there is no such id
     */
    public String decode(int id) {
        return decode(new int[] {id}, false);
    }

    /**
     * Text of ids, as the reference's {@code decode} gives it. Bytes that are no UTF-8 become U+FFFD.
     *
     * @param ids any number of ids
     * @param skipSpecialTokens whether special tokens are left out; {@code <think>}, {@code <tool_call>} and others that belong
     *     to the text stay
     * @throws InvalidRequestException if there is no such id
     */
    public String decode(int[] ids, boolean skipSpecialTokens) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int id : ids) {
            requireId(id);
            String special = specialTokens.token(id);
            if (special == null) {
                bytes.writeBytes(bytePairs.bytes(id));
            } else if (!skipSpecialTokens || !specialTokens.isSkipped(id)) {
                bytes.writeBytes(special.getBytes(StandardCharsets.UTF_8));
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private int requireId(int id) {
        if (id < 0 || id >= vocabularySize()) {
            throw new InvalidRequestException("id", id, "from 0 to " + (vocabularySize() - 1));
        }
        return id;
    }
}
