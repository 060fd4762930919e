package dev.diffusion4j;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.FaceEmbeddings;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.Identity;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.SchedulerSampling;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import dev.diffusion4j.tokenizer.LoraTags;
import dev.diffusion4j.tokenizer.Tokens;
import dev.diffusion4j.tokenizer.WeightedTokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Whether a person can be drawn as a request asks, by the PhotoMaker that a model was opened with. What is refused here the
 * runtime would ignore with a warning in its log, or fail at.
 */
final class IdentityCheck {

    private static final int MAX_TOKENS = ClipTokenizer.CONTEXT_LENGTH - 2;
    /** Also where nothing follows, and the tokens tell nothing of it. */
    private static final Pattern BREAK = Pattern.compile("BREAK\\b");

    private static final String EXAMPLE = ", such as 'a photo of a man " + Identity.TRIGGER_WORD + "'";

    private final boolean isSecondVersion;
    private final Supplier<ClipTokenizer> tokenizer;

    /** @param tokenizer of the model, with its learned words */
    IdentityCheck(ModelFamily version, Supplier<ClipTokenizer> tokenizer) {
        isSecondVersion = version == ModelFamily.PHOTO_MAKER_2;
        this.tokenizer = tokenizer;
    }

    /** Of a model that was opened without PhotoMaker. */
    static void requireNone(ImageRequest request) {
        if (request.identity().isPresent()) {
            throw new InvalidRequestException("identity", "given", "absent: the model was opened without PhotoMaker");
        }
    }

    /**
     * @throws InvalidRequestException if it cannot
     * @throws dev.diffusion4j.error.TensorFileException if the file of face embeddings cannot be used
     */
    void check(ImageRequest request, Warnings warnings) {
        Identity identity = request.identity()
                .orElseThrow(() -> new InvalidRequestException(
                        "identity", "absent", "given: the model was opened with PhotoMaker, which draws a person"));
        requireEmbeddings(identity);
        requireTrigger(
                LoraTags.parse(request.prompt()).text(), identity.pictures().size());
        // The steps are resolved.
        int steps = request.steps().orElseThrow();
        int first = identity.firstStep(steps);
        int drawn = drawnSteps(request, steps);
        if (first > drawn) {
            warnings.addBefore("the identity has no effect: with a style strength of " + identity.styleStrength()
                    + " percent of " + steps + " steps it begins at step " + first + ", and " + drawn + " are drawn");
        }
    }

    /** Asked before anything of the request is resolved. */
    static void requireSampling(ImageRequest request) {
        switch (request.sampling()) {
            case SchedulerSampling loop ->
                throw new InvalidRequestException(
                        "scheduler",
                        loop.scheduler().name(),
                        "absent with PhotoMaker: it belongs to the native sampler");
            case NativeSampling loop -> {
                if (loop.highResFix().isPresent()) {
                    throw new InvalidRequestException(
                            "highResFix", "given", "absent with PhotoMaker, whose steps are those of one pass");
                }
            }
        }
    }

    private void requireEmbeddings(Identity identity) {
        if (!isSecondVersion) {
            identity.embeddings().ifPresent(file -> {
                throw new InvalidRequestException(
                        "identity.embeddings", file, "absent: this is version 1 of PhotoMaker, which takes none");
            });
            return;
        }
        int found = FaceEmbeddings.count(identity.embeddings()
                .orElseThrow(() -> new InvalidRequestException(
                        "identity.embeddings", "absent", "given: version 2 of PhotoMaker looks at them, too")));
        int pictures = identity.pictures().size();
        if (found != pictures) {
            throw new InvalidRequestException(
                    "identity.embeddings",
                    found + (found == 1 ? " embedding" : " embeddings"),
                    "as many as there are pictures, " + pictures);
        }
    }

    private void requireTrigger(String prompt, int pictures) {
        ClipTokenizer words = tokenizer.get();
        List<Integer> ids = ids(words.encodeWeighted(prompt));
        if (BREAK.matcher(prompt).find()) {
            throw new InvalidRequestException(
                    "prompt",
                    "'" + prompt + "'",
                    "without BREAK for PhotoMaker, which reads it in one run of the text encoders");
        }
        int trigger = words.tokenIds(Identity.TRIGGER_WORD)[0];
        int place = ids.indexOf(trigger);
        if (place < 0) {
            throw refusal(prompt, "with the trigger word '" + Identity.TRIGGER_WORD + "' behind the word for a person");
        }
        if (ids.lastIndexOf(trigger) != place) {
            throw refusal(prompt, "with the trigger word '" + Identity.TRIGGER_WORD + "' once");
        }
        if (place == 0 || !isWord(words.token(ids.get(place - 1)))) {
            throw refusal(
                    prompt, "with the word for a person right before the trigger word '" + Identity.TRIGGER_WORD + "'");
        }
        int repeated = (isSecondVersion ? 2 : 1) * pictures;
        int tokens = ids.size() - 2 + repeated;
        if (tokens > MAX_TOKENS) {
            throw new InvalidRequestException(
                    "prompt",
                    tokens + " tokens",
                    "of at most " + MAX_TOKENS + " tokens for PhotoMaker, with the person's word " + repeated
                            + (repeated == 1 ? " time" : " times") + " for " + pictures
                            + (pictures == 1 ? " picture" : " pictures"));
        }
    }

    /** Without what frames them, and what fills up the last. */
    private static List<Integer> ids(List<WeightedTokens> chunks) {
        List<Integer> ids = new ArrayList<>();
        for (WeightedTokens chunk : chunks) {
            Tokens tokens = chunk.tokens();
            int end = chunk == chunks.getLast() ? tokens.count() - 1 : MAX_TOKENS + 1;
            Arrays.stream(tokens.ids(), 1, end).forEach(ids::add);
        }
        return ids;
    }

    private static boolean isWord(String token) {
        return token.replace("</w>", "").codePoints().anyMatch(Character::isLetterOrDigit);
    }

    private static InvalidRequestException refusal(String prompt, String wanted) {
        return new InvalidRequestException("prompt", "'" + prompt + "'", wanted + EXAMPLE);
    }

    /** As the runtime computes it. */
    private static int drawnSteps(ImageRequest request, int steps) {
        double strength = request.initImage().map(InitImage::strength).orElse(1.0);
        return Math.min(steps, (int) (steps * (float) strength) + 1);
    }
}
