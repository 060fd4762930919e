/**
 * Auto-configuration for Spring Boot 4. With the property {@code diffusion4j.model}, an application has the beans
 * {@link dev.diffusion4j.DiffusionModel}, {@link dev.diffusion4j.spring.boot.DiffusionModels} and Spring AI's image model; all
 * properties are those of {@link dev.diffusion4j.spring.boot.Diffusion4jProperties}.
 */
@NullMarked
package dev.diffusion4j.spring.boot;

import org.jspecify.annotations.NullMarked;
