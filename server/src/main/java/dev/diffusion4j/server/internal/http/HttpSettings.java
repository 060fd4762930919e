package dev.diffusion4j.server.internal.http;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Where the server listens, and to whom.
 *
 * @param port 0 for any that is free
 * @param maxBody the most bytes of a request's body
 * @param headTimeout until a request's head must have arrived
 * @param bodyTimeout until its body must have
 */
public record HttpSettings(
        InetAddress address,
        int port,
        Optional<String> apiKey,
        List<String> allowedOrigins,
        long maxBody,
        Duration headTimeout,
        Duration bodyTimeout) {}
