package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;

/** What a part of a model made, for people and machines. */
sealed interface PartResult permits WrittenArray, WrittenPictures {

    void print(PrintStream out);

    ObjectNode toJson();
}
