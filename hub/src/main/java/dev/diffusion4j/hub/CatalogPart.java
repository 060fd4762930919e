package dev.diffusion4j.hub;

import java.util.Optional;

/**
 * A part of a catalog's model, and where it is.
 *
 * @param part what it is
 * @param reference where it is
 * @param sha256 the SHA-256 that its content must have, 64 digits; empty if any will do
 * @param licence the licence's name as the hub spells it
 * @param isGated whether the licence has to be accepted on the repository's page before the hub sends it
 * @param isVerified whether somebody saw that the hub has it under this name
 */
public record CatalogPart(
        ModelPart part,
        ModelReference reference,
        Optional<String> sha256,
        String licence,
        boolean isGated,
        boolean isVerified) {

    FileRequest request() {
        return new FileRequest(reference, sha256);
    }
}
