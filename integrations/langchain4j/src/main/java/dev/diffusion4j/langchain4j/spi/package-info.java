/** What frameworks implement to hand out builders of their own. */
@NullMarked
package dev.diffusion4j.langchain4j.spi;

import org.jspecify.annotations.NullMarked;
