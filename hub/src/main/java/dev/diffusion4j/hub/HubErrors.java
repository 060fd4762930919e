package dev.diffusion4j.hub;

import dev.diffusion4j.hub.ModelNotFoundException.Missing;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/** What an answer that is no success means to the caller. */
final class HubErrors {

    private final URI endpoint;
    private final HubTransport transport;

    HubErrors(URI endpoint, HubTransport transport) {
        this.endpoint = endpoint;
        this.transport = transport;
    }

    /**
     * @param repository what was asked about
     * @param what the same for people: a repository, a revision or a file
     */
    HubException of(Answer answer, String repository, String what) {
        int status = answer.status();
        String said = said(answer);
        if (status == 408 || status == 429 || status >= 500) {
            Optional<Duration> retryAfter = retryAfter(answer);
            String reason = status == 429 ? "too many requests" : "it is busy or broken";
            return new HubUnavailableException(
                    host(answer) + " answers " + status + ", " + reason
                            + retryAfter
                                    .map(wait -> "; it asks to wait " + wait.toSeconds() + " s")
                                    .orElse("") + said,
                    retryAfter);
        }
        if (!answer.fromHub()) {
            // Its links expire, and then it answers 403: the hub has to be asked for a new one.
            return new HubUnavailableException(
                    "the content network " + host(answer) + " answers " + status + said, Optional.empty());
        }
        String code = answer.header(HubHeaders.ERROR_CODE).orElse("");
        return switch (code) {
            case "GatedRepo" -> gated(repository, said);
            case "RepoNotFound" ->
                new ModelNotFoundException(Missing.REPOSITORY, repositoryNotFound(repository) + said);
            case "RevisionNotFound" ->
                new ModelNotFoundException(
                        Missing.REVISION, repository + " has no such branch, tag or commit: " + what + said);
            case "EntryNotFound" -> new ModelNotFoundException(Missing.FILE, "the hub has no file " + what + said);
            default -> ofStatus(answer, repository, what, said);
        };
    }

    private HubException ofStatus(Answer answer, String repository, String what, String said) {
        return switch (answer.status()) {
            case 401 ->
                new UnauthorizedException(
                        transport.sendsToken()
                                ? "the hub does not accept the access token for " + repository + said
                                : repositoryNotFound(repository) + said);
            case 403 ->
                new UnauthorizedException(
                        "the hub refuses " + what + "; the access token has to be allowed to read it" + said);
            case 404 -> new ModelNotFoundException(Missing.FILE, "the hub does not find " + what + said);
            default ->
                new HubProtocolException(
                        host(answer) + " answers " + answer.status() + ", which is not expected, for " + what + said);
        };
    }

    private String repositoryNotFound(String repository) {
        return repository + " does not exist on " + endpoint.getHost()
                + ", or is private: look at how it is spelt, or set HF_TOKEN to a token that may read it";
    }

    private GatedModelException gated(String repository, String said) {
        URI page = Endpoints.page(endpoint, repository);
        String advice = transport.sendsToken()
                ? ", with the account that the access token belongs to"
                : ", then set HF_TOKEN to an access token of yours";
        return new GatedModelException(repository + " is gated: accept its licence on " + page + advice + said, page);
    }

    private String said(Answer answer) {
        return answer.header(HubHeaders.ERROR_MESSAGE)
                .map(message -> transport
                        .token()
                        .map(token -> token.removedFrom(message))
                        .orElse(message))
                .map(message -> " (" + Text.printable(message) + ")")
                .orElse("");
    }

    private static String host(Answer answer) {
        return answer.uri().getRawAuthority();
    }

    private static Optional<Duration> retryAfter(Answer answer) {
        Optional<Long> seconds = answer.count("Retry-After");
        if (seconds.isPresent()) {
            return seconds.map(Duration::ofSeconds);
        }
        try {
            return answer.header("Retry-After")
                    .map(date -> ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME))
                    .map(date -> Duration.between(Instant.now(), date.toInstant()))
                    .filter(Duration::isPositive);
        } catch (DateTimeParseException e) {
            // Neither of the two forms says nothing.
            return Optional.empty();
        }
    }
}
