package dev.diffusion4j.tokenizer;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** Words outside the vocabulary that stand for one or more ids of their own, and where a text has them. Immutable. */
final class AddedTokens {

    /** An embedding longer than a chunk has no room for a prompt beside it. */
    static final int MAX_COUNT = 75;

    private record Word(String text, int firstId, int count) {}

    /** Where a normalised text has a word. */
    private record Place(int start, Word word) {

        int end() {
            return start + word.text().length();
        }
    }

    private static final Comparator<Word> LONGEST_FIRST = Comparator.comparing(
                    Word::text, Comparator.comparingInt(String::length))
            .reversed();

    /** The longest first, so that of two at one place the longer wins. */
    private final List<Word> words;

    /** The name of each id beyond the vocabulary: the word, then the word with _1, _2 and so on. */
    private final List<String> names;

    /** Only the start of text, which the reference also finds this way, after normalising. */
    AddedTokens() {
        this(List.of(new Word(ClipTokenizer.START_OF_TEXT_TOKEN, ClipTokenizer.START_OF_TEXT, 1)), List.of());
    }

    private AddedTokens(List<Word> words, List<String> names) {
        this.words = words;
        this.names = names;
    }

    AddedTokens with(String name, int count) {
        String text = ClipText.normalize(name);
        if (text.isBlank()
                || text.contains(ClipTokenizer.START_OF_TEXT_TOKEN)
                || text.contains(ClipTokenizer.END_OF_TEXT_TOKEN)) {
            throw new InvalidRequestException(
                    "name", "'" + name + "'", "a word without <|startoftext|> and <|endoftext|>");
        }
        if (count < 1 || count > MAX_COUNT) {
            throw new InvalidRequestException("count", count, "from 1 to " + MAX_COUNT);
        }
        List<String> newNames = new ArrayList<>(names);
        for (int i = 0; i < count; i++) {
            String newName = i == 0 ? text : text + "_" + i;
            if (names.contains(newName)) {
                throw new InvalidRequestException(
                        "name",
                        "'" + name + "'",
                        "new: '" + newName + "' is there already, and upper and lower case are alike");
            }
            newNames.add(newName);
        }
        List<Word> newWords = new ArrayList<>(words);
        newWords.add(new Word(text, ClipTokenizer.VOCABULARY_SIZE + names.size(), count));
        newWords.sort(LONGEST_FIRST);
        return new AddedTokens(List.copyOf(newWords), List.copyOf(newNames));
    }

    /** How many ids these take beyond the vocabulary. */
    int size() {
        return names.size();
    }

    /** The name of an id from {@link BytePairs#SIZE} on. */
    String name(int id) {
        return names.get(id - ClipTokenizer.VOCABULARY_SIZE);
    }

    /** The id of a name, or -1. */
    int id(String name) {
        int index = names.indexOf(name);
        return index < 0 ? index : ClipTokenizer.VOCABULARY_SIZE + index;
    }

    /** Whether the id is the second or a later one of its word. */
    boolean continues(int id) {
        return words.stream().noneMatch(word -> word.firstId() == id);
    }

    /** Walks through a normalised text: what is between the words, and the ids of each; leftmost and longest first. */
    void split(String text, Consumer<String> plain, IntConsumer ids) {
        int start = 0;
        for (Place place : places(text)) {
            if (place.start() > start) {
                plain.accept(text.substring(start, place.start()));
            }
            for (int i = 0; i < place.word().count(); i++) {
                ids.accept(place.word().firstId() + i);
            }
            start = place.end();
        }
        if (start < text.length()) {
            plain.accept(text.substring(start));
        }
    }

    /** Where a text as it is written has added words, in order; what {@link #split} finds once it is normalised. */
    List<AddedToken> find(String text) {
        if (names.isEmpty()) {
            return List.of();
        }
        TracedText traced = TracedText.of(text);
        return places(traced.normalized()).stream()
                .filter(place -> place.word().firstId() >= ClipTokenizer.VOCABULARY_SIZE)
                .map(place ->
                        new AddedToken(place.word().text(), traced.start(place.start()), traced.end(place.end() - 1)))
                .toList();
    }

    private List<Place> places(String text) {
        List<Place> places = new ArrayList<>();
        int[] found = new int[words.size()];
        for (int w = 0; w < found.length; w++) {
            found[w] = find(text, w, 0);
        }
        int start = 0;
        while (true) {
            int first = 0;
            for (int w = 0; w < found.length; w++) {
                // A word is searched again only once the walk has passed it, so each is searched through the text once.
                if (found[w] < start) {
                    found[w] = find(text, w, start);
                }
                if (found[w] < found[first]) {
                    first = w;
                }
            }
            if (found[first] == Integer.MAX_VALUE) {
                return places;
            }
            Place place = new Place(found[first], words.get(first));
            places.add(place);
            start = place.end();
        }
    }

    private int find(String text, int word, int from) {
        int at = text.indexOf(words.get(word).text(), from);
        return at < 0 ? Integer.MAX_VALUE : at;
    }
}
