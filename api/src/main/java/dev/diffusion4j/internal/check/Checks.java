package dev.diffusion4j.internal.check;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;

/** Checks of ranges and shapes that name the field. */
public final class Checks {

    private Checks() {}

    public static double range(String field, double value, double min, double max) {
        if (!(value >= min && value <= max)) {
            throw new InvalidRequestException(field, number(value), "from " + number(min) + " to " + number(max));
        }
        return value;
    }

    public static int range(String field, int value, int min, int max) {
        if (value < min || value > max) {
            throw new InvalidRequestException(field, value, "from " + min + " to " + max);
        }
        return value;
    }

    public static void shape(String field, Tensor tensor, Shape wanted) {
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
