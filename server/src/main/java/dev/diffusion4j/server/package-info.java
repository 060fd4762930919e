/**
 * An HTTP server over diffusion models: the APIs of OpenAI and of AUTOMATIC1111's web UI, which existing clients use unchanged, and
 * one of its own with a page.
 */
package dev.diffusion4j.server;
