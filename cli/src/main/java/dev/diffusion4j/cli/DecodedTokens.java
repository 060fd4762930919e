package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import java.io.PrintStream;
import java.util.Arrays;

/** Token ids read back as text, for people and machines. */
final class DecodedTokens {

    private final int[] ids;
    private final String[] names;
    private final String[] texts;
    private final String whole;

    DecodedTokens(ClipTokenizer tokenizer, int[] ids) {
        this.ids = ids;
        names = Arrays.stream(ids).mapToObj(tokenizer::token).toArray(String[]::new);
        texts = Arrays.stream(ids).mapToObj(tokenizer::decode).toArray(String[]::new);
        // Among 77 ids most are padding, which is no text.
        whole = tokenizer.decode(ids, true);
    }

    void print(PrintStream out) {
        int width =
                Math.max(5, Arrays.stream(names).mapToInt(String::length).max().orElse(1));
        out.printf("%5s  %-" + width + "s  text%n", "id", "token");
        for (int i = 0; i < ids.length; i++) {
            out.printf("%5d  %-" + width + "s  %s%n", ids[i], names[i], TerminalText.printable(texts[i]));
        }
        out.println();
        out.println(TerminalText.printable(whole));
    }

    ObjectNode toJson() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        ArrayNode idNodes = node.putArray("ids");
        Arrays.stream(ids).forEach(idNodes::add);
        ArrayNode nameNodes = node.putArray("tokens");
        Arrays.stream(names).forEach(nameNodes::add);
        ArrayNode textNodes = node.putArray("texts");
        Arrays.stream(texts).forEach(textNodes::add);
        return node.put("text", whole);
    }
}
