/**
 * Diffusion4J as an image model of LangChain4j. {@link dev.diffusion4j.langchain4j.Diffusion4jImageModel} is all that applications
 * need.
 */
@NullMarked
package dev.diffusion4j.langchain4j;

import org.jspecify.annotations.NullMarked;
