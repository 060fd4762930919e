package dev.diffusion4j.hub;

/** A process of its own that resolves a name as its environment says, and prints the path. */
final class ResolveProbe {

    private ResolveProbe() {}

    public static void main(String[] arguments) {
        System.out.println(ModelHub.create().resolve(arguments[0]).path());
    }
}
