package dev.diffusion4j.hub;

import java.util.Optional;

/** A secret that stands for a user of the hub. Its text goes into one header, and nowhere else. */
final class AccessToken {

    private final String secret;

    private AccessToken(String secret) {
        this.secret = secret;
    }

    /**
     * @param source where the text was found, for the message
     * @return empty if the text is blank
     * @throws HubException if the text cannot be a header's value, which the HTTP client would complain of by quoting it
     */
    static Optional<AccessToken> of(String text, String source) {
        String secret = text.strip();
        if (secret.chars().anyMatch(character -> character <= ' ' || character > '~')) {
            throw new HubException("the access token in " + source + " has characters that no token has");
        }
        return secret.isEmpty() ? Optional.empty() : Optional.of(new AccessToken(secret));
    }

    String authorization() {
        return "Bearer " + secret;
    }

    /** A text of the hub's, without the secret should the hub repeat it. */
    String removedFrom(String text) {
        return text.replace(secret, "***");
    }

    @Override
    public String toString() {
        return "***";
    }
}
