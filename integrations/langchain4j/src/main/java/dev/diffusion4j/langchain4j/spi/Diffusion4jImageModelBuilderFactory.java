package dev.diffusion4j.langchain4j.spi;

import dev.diffusion4j.langchain4j.Diffusion4jImageModel;
import java.util.function.Supplier;

/** A factory of builders, found by {@link java.util.ServiceLoader}: {@link Diffusion4jImageModel#builder()} asks the first. */
public interface Diffusion4jImageModelBuilderFactory extends Supplier<Diffusion4jImageModel.Builder> {}
