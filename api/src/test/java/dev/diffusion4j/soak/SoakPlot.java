package dev.diffusion4j.soak;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Line2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;

/** Draws the resident memory of a {@link SoakRecord} over its rounds, with the line of its slope. */
final class SoakPlot {

    private static final int WIDTH = 900;
    private static final int HEIGHT = 420;
    private static final int LEFT = 70;
    private static final int RIGHT = 20;
    private static final int TOP = 50;
    private static final int BOTTOM = 45;
    private static final double MEGABYTE = 1 << 20;

    private final SoakRecord soak;
    private final double highest;

    private SoakPlot(SoakRecord soak) {
        this.soak = soak;
        // From zero: a scale that begins below the values would make noise look like a leak.
        highest = Arrays.stream(soak.resident()).max().orElseThrow() * 1.15;
    }

    static void write(SoakRecord soak, String what, Path png) throws IOException {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, WIDTH, HEIGHT);
        new SoakPlot(soak).draw(graphics, what);
        graphics.dispose();
        ImageIO.write(image, "png", png.toFile());
    }

    private double x(double round) {
        return LEFT + round / (soak.rounds() - 1) * (WIDTH - LEFT - RIGHT);
    }

    private double y(double bytes) {
        return HEIGHT - BOTTOM - bytes / highest * (HEIGHT - TOP - BOTTOM);
    }

    private void draw(Graphics2D graphics, String what) {
        SoakRecord.Slope slope = soak.slope();
        drawAxes(graphics);

        graphics.setColor(new Color(0x1f, 0x77, 0xb4));
        graphics.setStroke(new BasicStroke(1.2f));
        for (int i = 1; i < soak.rounds(); i++) {
            graphics.draw(new Line2D.Double(x(i - 1), y(soak.resident()[i - 1]), x(i), y(soak.resident()[i])));
        }
        graphics.setColor(new Color(0xd6, 0x27, 0x28));
        graphics.setStroke(new BasicStroke(1.6f));
        double last = slope.atFirst() + slope.perRound() * (soak.rounds() - 1 - soak.warmUp());
        graphics.draw(new Line2D.Double(x(soak.warmUp()), y(slope.atFirst()), x(soak.rounds() - 1), y(last)));

        graphics.setColor(Color.BLACK);
        graphics.drawString(
                "Resident memory (MB) after each of %,d %s: slope %.0f \u00b1 %.0f bytes per round after round %d"
                        .formatted(soak.rounds(), what, slope.perRound(), slope.uncertainty(), soak.warmUp()),
                LEFT,
                TOP - 22);
    }

    private void drawAxes(Graphics2D graphics) {
        graphics.setStroke(new BasicStroke(1));
        double step = Math.pow(10, Math.floor(Math.log10(highest / MEGABYTE))) * MEGABYTE / 2;
        for (double bytes = 0; bytes <= highest; bytes += step) {
            graphics.setColor(new Color(0xdd, 0xdd, 0xdd));
            graphics.draw(new Line2D.Double(LEFT, y(bytes), WIDTH - RIGHT, y(bytes)));
            graphics.setColor(Color.DARK_GRAY);
            graphics.drawString("%.0f".formatted(bytes / MEGABYTE), LEFT - 40, (int) y(bytes) + 5);
        }
        for (int i = 0; i <= 5; i++) {
            double round = (soak.rounds() - 1) * i / 5.0;
            graphics.drawString("%.0f".formatted(round), (int) x(round) - 12, HEIGHT - BOTTOM + 20);
        }
    }
}
