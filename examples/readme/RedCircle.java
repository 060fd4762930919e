import java.awt.image.BufferedImage;
import javax.imageio.ImageIO;

/** Says whether each picture is of one red circle on a white background; exits with 1 where one is not. */
void main(String[] arguments) throws IOException {
    for (String file : arguments) {
        check(file);
    }
}

void check(String file) throws IOException {
    BufferedImage picture = ImageIO.read(Path.of(file).toFile());
    int width = picture.getWidth();
    int height = picture.getHeight();
    long red = 0;
    long white = 0;
    int left = width;
    int right = -1;
    int top = height;
    int bottom = -1;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int rgb = picture.getRGB(x, y);
            int r = rgb >> 16 & 255;
            int g = rgb >> 8 & 255;
            int b = rgb & 255;
            if (r > 140 && g < 110 && b < 110) {
                red++;
                left = Math.min(left, x);
                right = Math.max(right, x);
                top = Math.min(top, y);
                bottom = Math.max(bottom, y);
            } else if (Math.min(r, Math.min(g, b)) > 200) {
                white++;
            }
        }
    }
    int boxWidth = right - left + 1;
    int boxHeight = bottom - top + 1;
    // A disc fills pi/4 of the box around it, a square all of it, a triangle half, a ring or a star less.
    double filled = red / (double) (boxWidth * boxHeight);
    double ratio = boxWidth / (double) boxHeight;
    double rest = (double) (red + white) / (width * height);
    boolean circle = red > width * height / 100 && filled > 0.64 && filled < 0.88 && ratio > 0.8 && ratio < 1.25;
    IO.println("%s: %dx%d, red in a box of %dx%d, %.0f %% of it filled; %.0f %% of the picture is red or white".formatted(
            file, width, height, boxWidth, boxHeight, 100 * filled, 100 * rest));
    if (!circle || rest < 0.9) {
        IO.println("That is not a red circle on a white background.");
        System.exit(1);
    }
}
