package dev.diffusion4j.tokenizer;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.NativeLibraryException;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.internal.ffm.library.Vocabularies;
import dev.diffusion4j.tokenizer.Unigrams.Piece;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * T5's tokenizer: text to token ids and back, by SentencePiece's unigram model. For any text its ids are those of Hugging
 * Face's {@code T5Tokenizer} with the files of {@code google/t5-v1_1-xxl} (transformers 5.23.0), which FLUX.1, SD 3.x and
 * Chroma use.
 *
 * <p>Text is normalised by SentencePiece's table nmt_nfkc, cut at white space, and each word, with {@code ▁} (U+2581)
 * before it, into the pieces whose scores have the largest sum. Characters that no piece has are unknown, those in a row as
 * one. {@code </s>}, {@code <pad>}, {@code <unk>} and {@code <extra_id_0>} to {@code <extra_id_99>} are read as these tokens
 * when they appear in a text, as in the reference. Half a surrogate pair, which the reference cannot be given, is read as
 * U+FFFD. Brackets are punctuation. Nothing is ever refused or cut silently; the work grows linearly with the text.
 *
 * <p>Models with a T5 are given these ids when they draw, too, but Wan and others whose encoder is UMT5.
 *
 * <p>Immutable, so any number of threads may share one. Building one takes a fraction of a second and some megabytes.
 */
public final class T5Tokenizer {

    /** How many ids the vocabulary has. */
    public static final int VOCABULARY_SIZE = 32100;

    /** The id that fills up an input: {@code <pad>}. */
    public static final int PADDING = 0;

    /** The id that ends a text: {@code </s>}. */
    public static final int END_OF_TEXT = 1;

    /** The id of characters that the vocabulary does not have: {@code <unk>}. */
    public static final int UNKNOWN = 2;

    private static final List<String> FIRST_PIECES = List.of("<pad>", "</s>", "<unk>");
    private static final int EXTRA_IDS = 100;
    private static final String SPACE = "\u2581";

    /** Of the native library; null until it is asked for. */
    private static volatile @Nullable T5Tokenizer nativeTokenizer;

    private final CharacterMap characterMap;
    private final Unigrams unigrams;
    private final SpecialTokens specialTokens;

    private T5Tokenizer(CharacterMap characterMap, List<Piece> pieces) {
        this.characterMap = characterMap;
        this.unigrams = new Unigrams(pieces, UNKNOWN);
        Map<String, Integer> special = new LinkedHashMap<>();
        IntStream.range(0, FIRST_PIECES.size()).forEach(id -> special.put(FIRST_PIECES.get(id), id));
        IntStream.range(0, EXTRA_IDS)
                .forEach(extra -> special.put("<extra_id_" + extra + ">", VOCABULARY_SIZE - 1 - extra));
        special.forEach((text, id) -> {
            if (pieces.size() != VOCABULARY_SIZE || !pieces.get(id).text().equals(text)) {
                throw TokenizerJson.refused(
                        "one of " + pieces.size() + " pieces",
                        "T5's, whose " + VOCABULARY_SIZE + " pieces have " + text + " at " + id);
            }
        });
        this.specialTokens = new SpecialTokens(special, Set.copyOf(special.values()));
    }

    /**
     * The tokenizer with the vocabulary that the native library carries. It needs no model. It is built once and shared.
     *
     * @throws NativeLibraryException if the native library cannot be used here
     */
    public static T5Tokenizer load() {
        NativeLibrary.load();
        T5Tokenizer tokenizer = nativeTokenizer;
        if (tokenizer == null) {
            synchronized (T5Tokenizer.class) {
                tokenizer = nativeTokenizer;
                if (tokenizer == null) {
                    tokenizer = fromJson(Vocabularies.t5Json());
                    nativeTokenizer = tokenizer;
                }
            }
        }
        return tokenizer;
    }

    /**
     * Builds the tokenizer from T5's {@code tokenizer.json}, which models have in a folder such as {@code tokenizer_2}.
     * Pieces, scores and the table of the normaliser are read; the native runtime carries this text.
     *
     * @param json the whole text
     * @throws InvalidRequestException if it is another model's, or damaged
     */
    public static T5Tokenizer fromJson(String json) {
        TokenizerJson read = new TokenizerJson(json, "Unigram");
        return new T5Tokenizer(new CharacterMap(read.characterMap()), read.pieces());
    }

    /** How many ids there are: {@value #VOCABULARY_SIZE}. Ids run from 0 to one less. */
    public int vocabularySize() {
        return VOCABULARY_SIZE;
    }

    /** The ids of a text of any length, without end and padding. */
    public int[] tokenIds(String text) {
        IntStream.Builder ids = IntStream.builder();
        specialTokens.split(ReferenceUnicode.replaceLoneSurrogates(text), plain -> addIds(plain, ids), ids);
        return ids.build().toArray();
    }

    private void addIds(String text, IntStream.Builder ids) {
        String normalized = characterMap.normalize(text);
        int start = 0;
        while (start < normalized.length()) {
            int end = endOfRun(normalized, start);
            if (!ReferenceUnicode.isWhiteSpace(normalized.charAt(start))) {
                unigrams.encode(SPACE + normalized.substring(start, end)).forEach(ids);
            }
            start = end;
        }
    }

    private static int endOfRun(String text, int start) {
        boolean space = ReferenceUnicode.isWhiteSpace(text.charAt(start));
        int end = start + 1;
        while (end < text.length() && ReferenceUnicode.isWhiteSpace(text.charAt(end)) == space) {
            end++;
        }
        return end;
    }

    /** A text as the pieces are looked for in it, spaces aside. */
    String normalize(String text) {
        return characterMap.normalize(text);
    }

    /**
     * Encodes a text for the text encoder: its tokens, the end, and padding. If they are too many, the first are kept, and
     * {@link Tokens#droppedCount()} tells how many more there were.
     *
     * @param length how many ids there are in all, at least 1: 512 for FLUX.1 dev and Chroma, 256 for FLUX.1 schnell and SD 3.x
     * @throws InvalidRequestException if the length is less than 1
     */
    public Tokens encode(String text, int length) {
        if (length < 1) {
            throw new InvalidRequestException("length", length, "at least 1");
        }
        int[] ids = tokenIds(text);
        int kept = Math.min(ids.length, length - 1);
        int[] ended = Arrays.copyOf(ids, kept + 1);
        ended[kept] = END_OF_TEXT;
        return Tokens.padded(ended, length, ids.length - kept, PADDING);
    }

    /**
     * The vocabulary's piece for an id, with {@code ▁} where a space is.
     *
     * @throws InvalidRequestException if there is no such id
     */
    public String token(int id) {
        return unigrams.text(requireId(id));
    }

    /** The id of a piece as {@link #token} gives it, none for anything else. */
    public OptionalInt idOf(String token) {
        return unigrams.id(token);
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
     * Text of ids, as the reference's {@code decode} gives it: the pieces in a row, {@code ▁} as a space, but not in the
     * first. What normalising took away does not come back.
     *
     * @param ids any number of ids
     * @param skipSpecialTokens whether padding, end, unknown and extra ids are left out
     * @throws InvalidRequestException if there is no such id
     */
    public String decode(int[] ids, boolean skipSpecialTokens) {
        StringBuilder text = new StringBuilder();
        boolean first = true;
        for (int id : ids) {
            requireId(id);
            if (!skipSpecialTokens || !specialTokens.isSkipped(id)) {
                text.append(token(id).replace(SPACE, first ? "" : " "));
                first = false;
            }
        }
        return text.toString();
    }

    private static int requireId(int id) {
        if (id < 0 || id >= VOCABULARY_SIZE) {
            throw new InvalidRequestException("id", id, "from 0 to " + (VOCABULARY_SIZE - 1));
        }
        return id;
    }
}
