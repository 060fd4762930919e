package dev.diffusion4j;

import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;

/** Checks of ranges and shapes that name the field. */
final class Checks {

    private Checks() {}

    static double range(String field, double value, double min, double max) {
        if (!(value >= min && value <= max)) {
            throw new InvalidRequestException(field, number(value), "from " + number(min) + " to " + number(max));
        }
        return value;
    }

    static int range(String field, int value, int min, int max) {
        if (value < min || value > max) {
            throw new InvalidRequestException(field, value, "from " + min + " to " + max);
        }
        return value;
    }

    static void shape(String field, Tensor tensor, Shape wanted) {
        if (!tensor.shape().equals(wanted)) {
            throw new InvalidRequestException(field, tensor.shape(), "of shape " + wanted);
        }
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}
