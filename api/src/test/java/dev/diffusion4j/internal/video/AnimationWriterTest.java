package dev.diffusion4j.internal.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.internal.image.RgbImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.stream.ImageInputStream;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.NodeList;

/** Animations and sounds are read back by other code than wrote them. */
@Tag("fast")
class AnimationWriterTest {

    private static final int WIDTH = 48;
    private static final int HEIGHT = 20;
    private static final String JSON = "{\"prompt\":\"ein Bär\"}";

    @TempDir
    private Path folder;

    /** A bar of few colours that moves. */
    private static RgbImage bar(int index) {
        byte[] rgb = new byte[3 * WIDTH * HEIGHT];
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            boolean inside = i % WIDTH / 4 == index;
            rgb[3 * i] = (byte) (inside ? 250 : 7);
            rgb[3 * i + 1] = (byte) (inside ? 13 : 100);
            rgb[3 * i + 2] = (byte) (i / WIDTH);
        }
        return new RgbImage(WIDTH, HEIGHT, rgb);
    }

    /** A gradient of very many colours, which turns. */
    private static RgbImage gradient(int index) {
        byte[] rgb = new byte[3 * WIDTH * HEIGHT];
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            rgb[3 * i] = (byte) (255 * (i % WIDTH) / (WIDTH - 1));
            rgb[3 * i + 1] = (byte) (255 * (i / WIDTH) / (HEIGHT - 1));
            rgb[3 * i + 2] = (byte) (60 * index);
        }
        return new RgbImage(WIDTH, HEIGHT, rgb);
    }

    private static List<RgbImage> bars(int count) {
        return IntStream.range(0, count).mapToObj(AnimationWriterTest::bar).toList();
    }

    /** The frames of a GIF, how long each lasts in hundredths of a second, and its comment. */
    private record Gif(List<BufferedImage> frames, List<Integer> delays, String comment, boolean repeats) {

        static Gif read(Path file) throws IOException {
            ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
            List<BufferedImage> frames = new ArrayList<>();
            List<Integer> delays = new ArrayList<>();
            String comment = "";
            boolean repeats = false;
            try (ImageInputStream in = ImageIO.createImageInputStream(file.toFile())) {
                reader.setInput(in);
                for (int i = 0; i < reader.getNumImages(true); i++) {
                    frames.add(reader.read(i));
                    IIOMetadata metadata = reader.getImageMetadata(i);
                    delays.add(Integer.parseInt(attribute(metadata, "GraphicControlExtension", "delayTime")
                            .orElseThrow()));
                    comment += attribute(metadata, "CommentExtension", "value").orElse("");
                    repeats |= attribute(metadata, "ApplicationExtension", "applicationID")
                            .equals(Optional.of("NETSCAPE"));
                }
            } finally {
                reader.dispose();
            }
            byte[] bytes = comment.getBytes(StandardCharsets.ISO_8859_1);
            return new Gif(frames, delays, new String(bytes, StandardCharsets.UTF_8), repeats);
        }

        private static Optional<String> attribute(IIOMetadata metadata, String element, String name) {
            NodeList found = ((org.w3c.dom.Element) metadata.getAsTree(metadata.getNativeMetadataFormatName()))
                    .getElementsByTagName(element);
            return found.getLength() == 0
                    ? Optional.empty()
                    : Optional.of(((org.w3c.dom.Element) found.item(0)).getAttribute(name));
        }
    }

    private static double distance(RgbImage expected, BufferedImage actual) {
        assertThat(actual.getWidth()).isEqualTo(expected.width());
        assertThat(actual.getHeight()).isEqualTo(expected.height());
        BufferedImage wanted = expected.toBufferedImage();
        long sum = 0;
        for (int y = 0; y < expected.height(); y++) {
            for (int x = 0; x < expected.width(); x++) {
                for (int shift = 0; shift <= 16; shift += 8) {
                    sum += Math.abs((wanted.getRGB(x, y) >> shift & 0xFF) - (actual.getRGB(x, y) >> shift & 0xFF));
                }
            }
        }
        return sum / (3.0 * expected.width() * expected.height());
    }

    @Test
    void aGifOfFewColoursIsExact() throws IOException {
        List<RgbImage> frames = bars(5);
        Path file = folder.resolve("bars.gif");
        AnimationWriter.save(frames, 16, JSON, file);
        Gif gif = Gif.read(file);
        assertThat(gif.frames()).hasSize(5);
        for (int i = 0; i < 5; i++) {
            assertThat(distance(frames.get(i), gif.frames().get(i))).isZero();
        }
        assertThat(gif.comment()).isEqualTo(JSON);
        assertThat(gif.repeats()).isTrue();
    }

    @Test
    void aGifOfManyColoursIsNear() throws IOException {
        List<RgbImage> frames =
                IntStream.range(0, 4).mapToObj(AnimationWriterTest::gradient).toList();
        Path file = folder.resolve("gradient.gif");
        AnimationWriter.save(frames, 16, JSON, file);
        Gif gif = Gif.read(file);
        for (int i = 0; i < 4; i++) {
            assertThat(distance(frames.get(i), gif.frames().get(i))).isLessThan(9);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 16, 24, 30, 50})
    void aGifLastsAsLongAsItShall(int framesPerSecond) throws IOException {
        Path file = folder.resolve("bars.gif");
        AnimationWriter.save(bars(12), framesPerSecond, JSON, file);
        List<Integer> delays = Gif.read(file).delays();
        assertThat(delays.stream().mapToInt(Integer::intValue).sum() / 100.0)
                .isCloseTo(12.0 / framesPerSecond, within(0.005));
        assertThat(delays).allMatch(delay -> delay >= 2);
    }

    private record Chunk(String type, byte[] data) {

        static List<Chunk> read(Path file) throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).position(8);
            List<Chunk> chunks = new ArrayList<>();
            while (bytes.hasRemaining()) {
                byte[] data = new byte[bytes.getInt()];
                CRC32 checksum = new CRC32();
                checksum.update(bytes.slice(bytes.position(), 4 + data.length));
                byte[] type = new byte[4];
                bytes.get(type).get(data);
                assertThat(bytes.getInt()).isEqualTo((int) checksum.getValue());
                chunks.add(new Chunk(new String(type, StandardCharsets.US_ASCII), data));
            }
            return chunks;
        }

        void writeTo(DataOutputStream out) throws IOException {
            byte[] name = type.getBytes(StandardCharsets.US_ASCII);
            CRC32 checksum = new CRC32();
            checksum.update(name);
            checksum.update(data);
            out.writeInt(data.length);
            out.write(name);
            out.write(data);
            out.writeInt((int) checksum.getValue());
        }
    }

    /** A still picture of a frame's chunks. */
    private static BufferedImage still(Chunk header, List<Chunk> data) throws IOException {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(png);
        out.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
        header.writeTo(out);
        for (Chunk chunk : data) {
            chunk.writeTo(out);
        }
        new Chunk("IEND", new byte[0]).writeTo(out);
        return ImageIO.read(new ByteArrayInputStream(png.toByteArray()));
    }

    @Test
    void anAnimatedPngIsExactInAllFrames() throws IOException {
        List<RgbImage> frames =
                IntStream.range(0, 3).mapToObj(AnimationWriterTest::gradient).toList();
        Path file = folder.resolve("gradient.apng");
        AnimationWriter.save(frames, 24, JSON, file);
        List<Chunk> chunks = Chunk.read(file);
        assertThat(chunks.getFirst().type()).isEqualTo("IHDR");
        assertThat(chunks.getLast().type()).isEqualTo("IEND");
        ByteBuffer animation = ByteBuffer.wrap(chunks.get(1).data());
        assertThat(chunks.get(1).type()).isEqualTo("acTL");
        assertThat(animation.getInt()).isEqualTo(3);
        assertThat(animation.getInt()).isZero();

        List<List<Chunk>> data = new ArrayList<>();
        int sequence = 0;
        for (Chunk chunk : chunks) {
            ByteBuffer content = ByteBuffer.wrap(chunk.data());
            switch (chunk.type()) {
                case "fcTL" -> {
                    assertThat(content.getInt()).isEqualTo(sequence++);
                    assertThat(content.getInt()).isEqualTo(WIDTH);
                    assertThat(content.getInt()).isEqualTo(HEIGHT);
                    assertThat(content.getLong()).isZero();
                    assertThat(content.getShort()).isEqualTo((short) 1);
                    assertThat(content.getShort()).isEqualTo((short) 24);
                    data.add(new ArrayList<>());
                }
                case "IDAT" -> {
                    assertThat(data).hasSize(1);
                    data.getLast().add(chunk);
                }
                case "fdAT" -> {
                    assertThat(content.getInt()).isEqualTo(sequence++);
                    byte[] rest = new byte[content.remaining()];
                    content.get(rest);
                    data.getLast().add(new Chunk("IDAT", rest));
                }
                default -> {}
            }
        }
        assertThat(data).hasSize(3);
        for (int i = 0; i < 3; i++) {
            assertThat(distance(frames.get(i), still(chunks.getFirst(), data.get(i))))
                    .isZero();
        }
        assertThat(chunks.stream()
                        .filter(chunk ->
                                chunk.type().equals("tEXt") || chunk.type().equals("iTXt")))
                .singleElement()
                .satisfies(chunk -> assertThat(new String(chunk.data(), StandardCharsets.ISO_8859_1))
                        .startsWith("diffusion4j"));
        // Readers that know no animation see the first frame.
        assertThat(distance(frames.getFirst(), ImageIO.read(file.toFile()))).isZero();
    }

    @Test
    void framesAreFilesInOrder() throws IOException {
        List<RgbImage> frames = bars(11);
        List<Path> files = AnimationWriter.saveFrames(frames, JSON, folder.resolve("a/b"));
        assertThat(files).hasSize(11);
        assertThat(files.getFirst().getFileName()).hasToString("frame-0000.png");
        assertThat(files.get(10).getFileName()).hasToString("frame-0010.png");
        for (int i = 0; i < 11; i++) {
            assertThat(distance(frames.get(i), ImageIO.read(files.get(i).toFile())))
                    .isZero();
        }
    }

    @Test
    void whatCannotBeWrittenIsSaidInOneLine() throws IOException {
        assertThatThrownBy(() -> AnimationWriter.save(bars(1), 16, JSON, folder.resolve("x.webm")))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining(".gif, .apng or .png");
        assertThatThrownBy(() -> AnimationWriter.save(bars(1), 16, JSON, folder.resolve("missing/x.gif")))
                .isInstanceOf(ImageFileException.class)
                .hasMessageEndingWith("its folder does not exist");
        Path file = Files.createFile(folder.resolve("taken"));
        assertThatThrownBy(() -> AnimationWriter.saveFrames(bars(1), JSON, file))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining("cannot be written");
    }

    @Test
    void soundIsPcm() throws Exception {
        Path file = folder.resolve("sound.wav");
        WavFile.save(new float[] {0, 1, -1, 0.5f, 3, -3}, 48_000, 2, file);
        try (AudioInputStream sound = AudioSystem.getAudioInputStream(file.toFile())) {
            assertThat(sound.getFormat().getSampleRate()).isEqualTo(48_000);
            assertThat(sound.getFormat().getChannels()).isEqualTo(2);
            assertThat(sound.getFrameLength()).isEqualTo(3);
            ByteBuffer samples = ByteBuffer.wrap(sound.readAllBytes()).order(java.nio.ByteOrder.LITTLE_ENDIAN);
            List<Short> read = new ArrayList<>();
            while (samples.hasRemaining()) {
                read.add(samples.getShort());
            }
            assertThat(read)
                    .containsExactly(
                            (short) 0, (short) 32767, (short) -32767, (short) 16384, (short) 32767, (short) -32767);
        }
    }
}
