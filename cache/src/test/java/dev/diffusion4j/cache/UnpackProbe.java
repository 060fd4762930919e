package dev.diffusion4j.cache;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A small program that unpacks and prints where, or why it cannot. */
final class UnpackProbe {

    static final String CONTENT = "the model";

    private UnpackProbe() {}

    static byte[] bytes() {
        return CONTENT.getBytes(StandardCharsets.UTF_8);
    }

    public static void main(String[] arguments) throws IOException {
        String sha256 = Unpacker.sha256(new ByteArrayInputStream(bytes()));
        try {
            System.out.println(Unpacker.unpack("models", () -> new ByteArrayInputStream(bytes()), "model.bin", sha256));
        } catch (IOException e) {
            System.out.println(e.getMessage());
        }
    }
}
