package dev.diffusion4j.server.internal.jobs;

/**
 * How many previews a job makes.
 *
 * @param everySteps one after every so many steps; 0 for none, or for {@code parts}
 * @param parts so many in all, evenly; 0 for none, or for {@code everySteps}
 */
public record PreviewPlan(int everySteps, int parts) {

    /** No previews. */
    public static final PreviewPlan NONE = new PreviewPlan(0, 0);

    /** One after every so many steps; 0 for none. */
    public static PreviewPlan every(int steps) {
        return new PreviewPlan(steps, 0);
    }

    /** So many in all; 0 for none. */
    public static PreviewPlan parts(int count) {
        return new PreviewPlan(0, count);
    }

    /** After how many steps there is one; 0 for none. */
    int interval(int steps) {
        return parts > 0 ? Math.max(1, steps / (parts + 1)) : everySteps;
    }
}
