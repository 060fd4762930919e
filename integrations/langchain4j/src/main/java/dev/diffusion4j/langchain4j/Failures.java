package dev.diffusion4j.langchain4j;

import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.GenerationTimeoutException;
import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.IsolatedProcessException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.error.OutOfNativeMemoryException;
import dev.diffusion4j.error.QueueFullException;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.TimeoutException;

/** The library's exceptions as LangChain4j's, by what callers do about them. */
final class Failures {

    private Failures() {}

    static LangChain4jException translated(DiffusionException failure) {
        String message = failure.getMessage();
        return switch (failure) {
            case dev.diffusion4j.error.InvalidRequestException e -> new InvalidRequestException(message, e);
            case ImageFileException e -> new InvalidRequestException(message, e);
            case QueueFullException e -> new RateLimitException(message, e);
            case GenerationTimeoutException e -> new TimeoutException(message, e);
            case NativeFailureException e -> new InternalServerException(message, e);
            case OutOfNativeMemoryException e -> new InternalServerException(message, e);
            case IsolatedProcessException e -> new InternalServerException(message, e);
            default -> new NonRetriableException(message, failure);
        };
    }
}
