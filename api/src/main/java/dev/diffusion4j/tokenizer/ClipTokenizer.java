package dev.diffusion4j.tokenizer;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.NativeLibraryException;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.internal.ffm.library.Vocabularies;
import dev.diffusion4j.tokenizer.PromptWeights.Part;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * OpenAI CLIP's tokenizer: text to token ids and back, by byte pairs. For any text its ids are those of Hugging Face's
 * {@code CLIPTokenizer} with the files of {@code openai/clip-vit-large-patch14} (transformers 5.23.0), which Stable
 * Diffusion 1.x, 2.x and SDXL use.
 *
 * <p>Text is composed (NFC), its white space joined and its letters lower-cased as the reference does it, whatever
 * Unicode version the JDK has. {@code <|startoftext|>} in any case and {@code <|endoftext|>} in lower case are read as
 * the special tokens when they appear in a text, as in the reference. Half a surrogate pair, which the reference cannot
 * be given, is read as U+FFFD. Brackets weigh only in {@link #encodeWeighted}; elsewhere they are punctuation. Nothing
 * is ever refused or cut silently; the work grows little more than linearly with the text.
 *
 * <p>Immutable, so any number of threads may share one. Building one takes a fraction of a second and some megabytes;
 * the variants that the {@code with} methods make share its vocabulary.
 */
public final class ClipTokenizer {

    /** How many ids the text encoder takes at once, start and end among them. */
    public static final int CONTEXT_LENGTH = 77;

    /** How many ids the vocabulary has; those of added tokens come after them. */
    public static final int VOCABULARY_SIZE = 49408;

    /** The id that every input starts with. */
    public static final int START_OF_TEXT = VOCABULARY_SIZE - 2;

    /** The id that ends a text; also the padding unless {@link #withPadding} says otherwise. */
    public static final int END_OF_TEXT = VOCABULARY_SIZE - 1;

    /** The token of {@link #START_OF_TEXT}. */
    public static final String START_OF_TEXT_TOKEN = "<|startoftext|>";

    /** The token of {@link #END_OF_TEXT}. */
    public static final String END_OF_TEXT_TOKEN = "<|endoftext|>";

    private static final String END_OF_WORD = "</w>";
    private static final int MERGES = VOCABULARY_SIZE - 2 * 256 - 2;

    /** Of the native library; null until a text is encoded or decoded, which a program that only draws never asks for. */
    private static volatile @Nullable BytePairs nativeVocabulary;

    private final Supplier<BytePairs> vocabulary;
    private final AddedTokens added;
    private final int padding;

    private ClipTokenizer(Supplier<BytePairs> vocabulary, AddedTokens added, int padding) {
        this.vocabulary = vocabulary;
        this.added = added;
        this.padding = padding;
    }

    /**
     * The tokenizer with the vocabulary that the native library carries. It needs no model. All share the vocabulary, which
     * is built when the first of them needs it.
     *
     * @throws NativeLibraryException if the native library cannot be used here
     */
    public static ClipTokenizer load() {
        NativeLibrary.load();
        return new ClipTokenizer(ClipTokenizer::nativeVocabulary, new AddedTokens(), END_OF_TEXT);
    }

    private static BytePairs nativeVocabulary() {
        BytePairs vocabulary = nativeVocabulary;
        if (vocabulary == null) {
            synchronized (ClipTokenizer.class) {
                vocabulary = nativeVocabulary;
                if (vocabulary == null) {
                    vocabulary = vocabulary(Vocabularies.clipMerges());
                    nativeVocabulary = vocabulary;
                }
            }
        }
        return vocabulary;
    }

    /**
     * Builds the tokenizer from CLIP's {@code merges.txt}: a header line and 48,894 merges of two tokens, one a line.
     * The native runtime carries this very text.
     *
     * @param merges the whole text, lines ended by LF or CRLF
     * @throws InvalidRequestException if these are not CLIP's merges, with the line
     */
    public static ClipTokenizer fromMerges(String merges) {
        BytePairs vocabulary = vocabulary(merges);
        return new ClipTokenizer(() -> vocabulary, new AddedTokens(), END_OF_TEXT);
    }

    private static BytePairs vocabulary(String merges) {
        List<String> lines = merges.lines().toList();
        if (lines.size() != MERGES + 1) {
            throw new InvalidRequestException(
                    "merges", lines.size() + " lines", "CLIP's: a header line and " + MERGES + " merges");
        }
        return new BytePairs(
                lines.subList(1, lines.size()), 2, END_OF_WORD, List.of(START_OF_TEXT_TOKEN, END_OF_TEXT_TOKEN));
    }

    /**
     * A tokenizer that fills up with another id: Stable Diffusion 2.x and the second text encoder of SDXL want 0.
     *
     * @param id an id below {@link #vocabularySize()}
     * @throws InvalidRequestException if there is no such id
     */
    public ClipTokenizer withPadding(int id) {
        return new ClipTokenizer(vocabulary, added, requireId("padding", id));
    }

    /**
     * A tokenizer that also knows a word of a textual inversion. The word gets the next {@code count} ids, in order,
     * and is found wherever it stands in a text, inside other words too; upper and lower case are alike. Of two words
     * at one place the longer is taken.
     *
     * @param name the word, not blank and without special tokens
     * @param count how many ids (vectors) the word stands for, 1 to 75
     * @throws InvalidRequestException if the name or count is none of these, or the name is there already
     */
    public ClipTokenizer withAddedToken(String name, int count) {
        return new ClipTokenizer(vocabulary, added.with(name, count), padding);
    }

    /**
     * Where a prompt has words that were {@linkplain #withAddedToken added}, as {@link #encodeWeighted} reads it.
     *
     * @return in order; they do not overlap
     */
    public List<AddedToken> addedTokens(String prompt) {
        return PromptWeights.words(prompt, added.find(prompt));
    }

    /** How many ids there are: 49,408 and those of added tokens. Ids run from 0 to one less. */
    public int vocabularySize() {
        return VOCABULARY_SIZE + added.size();
    }

    /** The ids of a text of any length, without start, end and padding. */
    public int[] tokenIds(String text) {
        String whole = ReferenceUnicode.replaceLoneSurrogates(text);
        IntStream.Builder ids = IntStream.builder();
        int start = 0;
        int end = whole.indexOf(END_OF_TEXT_TOKEN);
        while (end >= 0) {
            addIds(whole.substring(start, end), ids);
            ids.add(END_OF_TEXT);
            start = end + END_OF_TEXT_TOKEN.length();
            end = whole.indexOf(END_OF_TEXT_TOKEN, start);
        }
        addIds(whole.substring(start), ids);
        return ids.build().toArray();
    }

    private void addIds(String text, IntStream.Builder ids) {
        BytePairs bytePairs = vocabulary.get();
        added.split(
                ClipText.normalize(text),
                plain -> ClipText.forEachWord(
                        plain, word -> bytePairs.encode(word).forEach(ids)),
                ids);
    }

    /**
     * Encodes a text for the text encoder. The first 75 tokens are kept; {@link Tokens#droppedCount()} tells how many
     * more there were. {@link #encodeChunks} keeps them all.
     */
    public Tokens encode(String text) {
        int[] ids = tokenIds(text);
        int kept = Math.min(ids.length, Tokens.CHUNK_LENGTH);
        return Tokens.framed(Arrays.copyOf(ids, kept), kept, ids.length - kept, padding);
    }

    /**
     * Encodes a text of any length as inputs of 75 tokens each, cut wherever the 75 end. The text encoder takes them
     * one by one, and their outputs follow one another in the context.
     *
     * @return at least one
     */
    public List<Tokens> encodeChunks(String text) {
        WeightedSequence sequence = new WeightedSequence();
        sequence.add(tokenIds(text), 1);
        return sequence.chunks(padding).stream().map(WeightedTokens::tokens).toList();
    }

    /**
     * Encodes a prompt of any length with weights, in chunks as {@link #encodeChunks}. Brackets are read as the native
     * runtime reads them when it draws:
     *
     * <ul>
     *   <li>{@code (word)} weighs 1.1 times as much, {@code [word]} 1/1.1 times, {@code (word:1.2)} 1.2 times; nested
     *       brackets multiply; brackets that are not closed reach to the end.
     *   <li>The number may have a sign and is read up to its second point. One that is no number, is too large for a
     *       {@code float}, or is smaller than its normal range but not 0 (at all of which the runtime fails) makes the
     *       colon ordinary text, so that {@code (a:.)} is "a:." in plain brackets. A number without a bracket before it
     *       is left out.
     *   <li>{@code \(} is a bracket of the text. {@code \)}, {@code \[}, {@code \]} and {@code \\} do not weigh
     *       either, but keep their backslash, as in the runtime.
     *   <li>{@code BREAK} fills up the chunk with ends of text and starts a new one. In weighing brackets it is a word.
     * </ul>
     *
     * <p>Words that were {@linkplain #withAddedToken added} are words wherever they stand, whatever they are made of; only
     * in the number of a weight and behind a backslash that escapes their first character they are not.
     *
     * <p>The ids of each piece are {@link #tokenIds}'s. For ASCII text they are the runtime's own, special tokens in
     * other than lower case aside; for other letters, which the runtime takes for punctuation, they are the
     * reference's. About a thousand nested brackets make a weight infinite, and 0 times that is no number.
     *
     * @return at least one
     */
    public List<WeightedTokens> encodeWeighted(String prompt) {
        WeightedSequence sequence = new WeightedSequence();
        for (Part part : PromptWeights.parse(prompt, added.find(prompt))) {
            if (part.isBreak()) {
                sequence.fillChunk();
            } else {
                sequence.add(tokenIds(part.text()), part.weight());
            }
        }
        return sequence.chunks(padding);
    }

    /**
     * The vocabulary's entry for an id: the last token of a word ends with {@code </w>}, and each byte that is no
     * printable character of Latin-1 is shown as another character. The ids of an added token of several are its name,
     * then the name with {@code _1}, {@code _2} and so on.
     *
     * @throws InvalidRequestException if there is no such id
     */
    public String token(int id) {
        requireId("id", id);
        return id < VOCABULARY_SIZE ? vocabulary.get().token(id) : added.name(id);
    }

    /** The id of an entry as {@link #token} gives it, none for anything else. Words end with {@code </w>}. */
    public OptionalInt idOf(String token) {
        int addedId = added.id(token);
        return addedId >= 0 ? OptionalInt.of(addedId) : vocabulary.get().id(token);
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
     * Text of ids, as the reference's {@code decode} gives it: words are followed by a space where they ended, blanks
     * at both ends go, and bytes that are no UTF-8 become U+FFFD. What normalising took away does not come back. An
     * added token of several ids is written once, for its first.
     *
     * @param ids any number of ids
     * @param skipSpecialTokens whether start and end of text are left out
     * @throws InvalidRequestException if there is no such id
     */
    public String decode(int[] ids, boolean skipSpecialTokens) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int id : ids) {
            requireId("id", id);
            if (id >= VOCABULARY_SIZE) {
                bytes.writeBytes(
                        added.continues(id) ? new byte[0] : added.name(id).getBytes(StandardCharsets.UTF_8));
            } else if (!skipSpecialTokens || id != START_OF_TEXT && id != END_OF_TEXT) {
                bytes.writeBytes(vocabulary.get().bytes(id));
            }
        }
        String text = new String(bytes.toByteArray(), StandardCharsets.UTF_8);
        return ClipText.strip(text.replace(END_OF_WORD, " "));
    }

    private int requireId(String field, int id) {
        if (id < 0 || id >= vocabularySize()) {
            throw new InvalidRequestException(field, id, "from 0 to " + (vocabularySize() - 1));
        }
        return id;
    }
}
