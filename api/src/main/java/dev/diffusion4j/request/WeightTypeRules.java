package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Weight types of single tensors: rules of which the first that is found in a tensor's name applies. Immutable. */
public final class WeightTypeRules {

    /** None, so that no tensor has a type of its own. */
    public static final WeightTypeRules NONE = new WeightTypeRules(List.of());

    private static final int MAX_RULE_LENGTH = 500;

    private record Rule(Pattern pattern, WeightType type) {}

    private final List<Rule> rules;

    private WeightTypeRules(List<Rule> rules) {
        this.rules = List.copyOf(rules);
    }

    /**
     * Reads rules.
     *
     * @param text {@code regex=type} rules separated by commas, such as {@code attn=q8_0,^vae\.=f16}
     * @throws InvalidRequestException if that is something else
     */
    public static WeightTypeRules parse(String text) {
        List<Rule> rules = new ArrayList<>();
        for (String rule : text.split(",", -1)) {
            rules.add(rule(rule));
        }
        return new WeightTypeRules(rules);
    }

    private static Rule rule(String rule) {
        String[] sides = rule.split("=", 2);
        if (sides.length != 2 || sides[0].isBlank()) {
            throw new InvalidRequestException("weightTypeRules", rule, "regex=type");
        }
        // Regular expressions are compiled recursively, in Java and in the runtime.
        if (sides[0].length() > MAX_RULE_LENGTH) {
            throw new InvalidRequestException(
                    "weightTypeRules", rule.length() + " characters", "at most " + MAX_RULE_LENGTH);
        }
        WeightType type = WeightType.of(sides[1]);
        try {
            return new Rule(Pattern.compile(sides[0]), type);
        } catch (PatternSyntaxException e) {
            throw new InvalidRequestException("weightTypeRules", sides[0], "a regular expression");
        }
    }

    /** The type of the tensor of that name, if a rule gives it one. */
    public Optional<WeightType> typeOf(String tensor) {
        return rules.stream()
                .filter(rule -> rule.pattern.matcher(tensor).find())
                .map(Rule::type)
                .findFirst();
    }

    /** The types that the rules name, in their order. */
    public List<WeightType> types() {
        return rules.stream().map(Rule::type).distinct().toList();
    }
}
