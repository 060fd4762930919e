package dev.diffusion4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.demo.DemoModel;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/**
 * The page in Chromium, with the demo model. Where there is no Chromium with its driver, none of this runs: the property
 * {@code diffusion4j.test.chromium} and {@code diffusion4j.test.chromedriver} name them, else the PATH has them.
 *
 * <p>Screenshots go to {@code target/screenshots}, or with {@code -Ddiffusion4j.screenshots=true} to {@code docs/images}.
 */
class PageTest {

    /** A drawing of the demo model takes seconds, but machines may be busy. */
    private static final Duration PATIENCE = Duration.ofMinutes(4);

    private static final int LARGEST_SCREENSHOT = 250_000;

    private static final ObjectMapper JSON = new ObjectMapper();

    private static DiffusionServer server;
    private static Path chromium;
    private static Path chromedriver;

    @TempDir
    Path folder;

    @TempDir
    Path downloads;

    private ChromeDriver driver;

    @BeforeAll
    static void start() {
        Optional<Path> browser = program("chromium", "chromium", "chromium-browser", "google-chrome");
        Optional<Path> itsDriver = program("chromedriver", "chromedriver");
        assumeTrue(
                browser.isPresent() && itsDriver.isPresent(),
                "the page was not tested: there is no Chromium with its driver on the PATH"
                        + " (on Debian: apt-get install chromium chromium-driver)");
        chromium = browser.get();
        chromedriver = itsDriver.get();
        server = DiffusionServer.builder()
                .model("shapes-v1", DemoModel.path())
                .inProcess()
                .port(0)
                .start();
    }

    private static Optional<Path> program(String property, String... names) {
        String named = System.getProperty("diffusion4j.test." + property);
        if (named != null) {
            return Optional.of(Path.of(named));
        }
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(directory -> Arrays.stream(names).map(name -> Path.of(directory, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void openBrowser() {
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium.toFile());
        // As root, in containers, Chromium has no sandbox.
        options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage");
        options.addArguments("--hide-scrollbars", "--force-prefers-reduced-motion");
        options.setExperimentalOption("prefs", Map.of("download.default_directory", downloads.toString()));
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        logs.enable(LogType.BROWSER, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(chromedriver.toFile())
                .usingAnyFreePort()
                .build();
        driver = new ChromeDriver(service, options);
        driver.manage().timeouts().scriptTimeout(PATIENCE);
        resize(1440, 900);
    }

    @AfterEach
    void closeBrowser() throws IOException {
        if (driver == null) {
            return;
        }
        try {
            assertThat(requests())
                    .isNotEmpty()
                    .allMatch(url -> url.matches("(http://127\\.0\\.0\\.1:\\d+/|data:|blob:).*"));
            assertThat(driver.manage().logs().get(LogType.BROWSER))
                    .extracting(LogEntry::getMessage)
                    .noneMatch(message -> message.contains("Uncaught") || message.contains("Content Security Policy"));
        } finally {
            driver.quit();
        }
    }

    /** Where the page asked for something. */
    private List<String> requests() throws IOException {
        List<String> urls = new ArrayList<>();
        for (LogEntry entry : driver.manage().logs().get(LogType.PERFORMANCE)) {
            JsonNode message = JSON.readTree(entry.getMessage()).path("message");
            if (message.path("method").asText().equals("Network.requestWillBeSent")) {
                urls.add(message.path("params").path("request").path("url").asText());
            }
        }
        return urls;
    }

    private void resize(int width, int height) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 700));
    }

    private void open() {
        open(server);
    }

    private void open(DiffusionServer which) {
        driver.get(which.uri().toString());
        until(_ -> driver.executeScript("return document.documentElement.dataset.ready") != null);
    }

    private void until(Predicate<ChromeDriver> condition) {
        new WebDriverWait(driver, PATIENCE).until(_ -> condition.test(driver));
    }

    private WebElement find(String id) {
        return driver.findElement(By.id(id));
    }

    private boolean isShown(String id) {
        return driver.findElements(By.id(id)).stream().anyMatch(WebElement::isDisplayed);
    }

    private String value(String id) {
        return find(id).getDomProperty("value");
    }

    private String focused() {
        return driver.switchTo().activeElement().getDomAttribute("id");
    }

    private void type(String id, String text) {
        find(id).sendKeys(Keys.chord(Keys.CONTROL, "a"), Keys.DELETE, text);
    }

    private void press(CharSequence... keys) {
        new Actions(driver).sendKeys(keys).perform();
    }

    private void pressGenerate() {
        new Actions(driver)
                .keyDown(Keys.CONTROL)
                .sendKeys(Keys.ENTER)
                .keyUp(Keys.CONTROL)
                .perform();
    }

    private int drawn() {
        return driver.findElements(By.cssSelector(".tile:not(.pending)")).size();
    }

    private int pending() {
        return driver.findElements(By.cssSelector(".tile.pending")).size();
    }

    private void draw(String prompt, String seed) {
        int before = drawn();
        type("prompt", prompt);
        type("seed", seed);
        pressGenerate();
        until(_ -> drawn() == before + 1);
    }

    /** The file of the picture on the stage, as a person downloads it. */
    private byte[] download() throws IOException {
        find("download").click();
        Path file = downloads.resolve(find("download").getDomAttribute("download"));
        // It has its name when it is whole.
        until(_ -> Files.exists(file));
        return Files.readAllBytes(file);
    }

    private static BufferedImage image(byte[] png) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(png));
    }

    /** The mean of a square around a point. */
    private static Color colour(BufferedImage image, int x, int y) {
        long[] sum = new long[3];
        for (int i = -3; i <= 3; i++) {
            for (int k = -3; k <= 3; k++) {
                Color pixel = new Color(image.getRGB(x + i, y + k));
                sum[0] += pixel.getRed();
                sum[1] += pixel.getGreen();
                sum[2] += pixel.getBlue();
            }
        }
        return new Color((int) sum[0] / 49, (int) sum[1] / 49, (int) sum[2] / 49);
    }

    private static int difference(Color one, Color other) {
        return Math.max(
                Math.abs(one.getRed() - other.getRed()),
                Math.max(Math.abs(one.getGreen() - other.getGreen()), Math.abs(one.getBlue() - other.getBlue())));
    }

    private Map<String, String> facts() {
        return driver.findElements(By.cssSelector("#facts > div")).stream()
                .collect(Collectors.toMap(
                        fact -> fact.findElement(By.tagName("dt")).getText(),
                        fact -> fact.findElement(By.tagName("dd")).getText()));
    }

    @Test
    void drawsWhatThePromptSaysAndShowsWhatTheFileSays() throws IOException {
        open();
        type("steps", "12");

        draw("a red circle on a white background", "42");

        BufferedImage picture = image(download());
        assertThat(picture.getWidth()).isEqualTo(128);
        assertThat(difference(colour(picture, 64, 64), Color.RED)).isLessThan(70);
        assertThat(difference(colour(picture, 6, 6), Color.WHITE)).isLessThan(40);
        assertThat(find("label-prompt").getText()).isEqualTo("a red circle on a white background");
        assertThat(facts())
                .containsEntry("Seed", "42")
                .containsEntry("Steps", "12")
                .containsEntry("Size", "128 × 128")
                .containsEntry("Model", "shapes-v1");
        assertThat(find("download").getDomAttribute("download")).isEqualTo("a-red-circle-on-a-white-background-42.png");
        assertThat(find("live").getDomProperty("textContent")).isEqualTo("1 picture drawn.");
    }

    @Test
    void aPreviewAndTheProgressAreShownWhileItIsDrawn() {
        open();
        type("steps", "40");
        type("prompt", "a blue square");
        pressGenerate();

        until(_ -> find("progress-step").getText().matches("Step \\d+ of 40"));
        until(_ -> isShown("preview"));
        assertThat(find("preview").getDomProperty("src")).startsWith("data:image/jpeg;base64,");
        assertThat(find("track").getDomAttribute("aria-valuenow")).matches("\\d+");
        assertThat(driver.getTitle()).contains("%");
        until(_ -> drawn() == 1);
        assertThat(driver.getTitle()).isEqualTo("Diffusion4J");
    }

    @Test
    void onlyWhatIsUnderTheMaskChanges() throws IOException {
        Color yellow = new Color(240, 210, 40);
        Path file = Files.write(folder.resolve("yellow.png"), png(yellow, 128));
        open();

        find("input-file").sendKeys(file.toString());
        until(_ -> isShown("mask-paint"));
        find("mask-paint").click();
        until(_ -> isShown("overlay"));
        press("]]]]");
        WebElement overlay = find("overlay");
        int unit = overlay.getSize().getWidth() / 128;
        // A square of 40 pixels in the middle, as a hand would fill it.
        Actions hand = new Actions(driver)
                .moveToElement(overlay, -14 * unit, -14 * unit)
                .clickAndHold();
        for (int line = 0; line < 4; line++) {
            hand.moveByOffset((line % 2 == 0 ? 28 : -28) * unit, 0).moveByOffset(0, 9 * unit);
        }
        hand.release().perform();
        find("mask-done").click();
        assertThat(find("input-says").getText()).matches("(1\\d|2\\d|3\\d) % of it is redrawn\\.");

        find("strength").sendKeys("1");
        draw("a blue circle on a yellow background", "5");

        BufferedImage picture = image(download());
        assertThat(picture.getWidth()).isEqualTo(128);
        for (int[] corner : new int[][] {{10, 10}, {118, 10}, {10, 118}, {118, 118}, {64, 8}, {8, 64}}) {
            assertThat(difference(colour(picture, corner[0], corner[1]), yellow))
                    .as("at %s", Arrays.toString(corner))
                    .isLessThan(25);
        }
        assertThat(difference(colour(picture, 64, 64), yellow)).isGreaterThan(60);
        assertThat(facts()).containsEntry("Strength", "1");
    }

    @Test
    void aMaskIsErasedUndoneInvertedAndClearedByKeysToo() throws IOException {
        Path file = Files.write(folder.resolve("grey.png"), png(Color.GRAY, 120));
        open();
        find("input-file").sendKeys(file.toString());
        until(_ -> isShown("mask-paint"));
        find("mask-paint").sendKeys(Keys.ENTER);
        until(_ -> "overlay".equals(focused()));

        press(" ", Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, " ");
        double two = covered();
        assertThat(two).isBetween(0.005, 0.2);
        press("e", Keys.ARROW_LEFT, Keys.ARROW_LEFT, " ");
        double one = covered();
        assertThat(one).isCloseTo(two / 2, offset(two / 6));
        press("i");
        assertThat(covered()).isCloseTo(1 - one, offset(0.02));
        find("mask-undo").click();
        assertThat(covered()).isCloseTo(one, offset(0.01));
        find("mask-clear").click();
        assertThat(covered()).isZero();
        find("mask-leave").click();

        assertThat(find("input-says").getText()).isEqualTo("More strength changes more of it.");
        assertThat(focused()).isEqualTo("mask-paint");
    }

    /** How much of the mask that is being painted is white, after it was drawn. */
    private double covered() {
        return ((Number) driver.executeAsyncScript("""
                const done = arguments[0];
                requestAnimationFrame(() => requestAnimationFrame(() => {
                  const canvas = document.getElementById('overlay');
                  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                  let sum = 0;
                  for (let i = 3; i < data.length; i += 4) { sum += data[i]; }
                  done(sum / 255 / (data.length / 4));
                }));""")).doubleValue();
    }

    @Test
    void escapeCancelsALongRun() {
        open();
        type("steps", "200");
        type("prompt", "a green star");
        pressGenerate();
        until(_ -> find("progress-step").getText().matches("Step \\d+ of 200"));

        press(Keys.ESCAPE);

        until(_ -> pending() == 0);
        assertThat(find("live").getDomProperty("textContent")).isEqualTo("Cancelled.");
        assertThat(isShown("blank")).isTrue();
        assertThat(drawn()).isZero();
        until(_ -> find("state").getText().equals("Ready"));
    }

    @Test
    void whatWaitsTellsItsPlaceAndSurvivesAReload() {
        open();
        type("steps", "200");
        type("prompt", "a green star");
        pressGenerate();
        until(_ -> pending() == 1);
        type("steps", "2");
        pressGenerate();
        until(_ -> pending() == 2);
        driver.findElements(By.cssSelector(".tile.pending")).getFirst().click();
        until(_ -> find("progress-rest").getText().equals("1 before it"));

        driver.navigate().refresh();
        until(_ -> pending() == 2);
        assertThat(value("prompt")).isEqualTo("a green star");
        assertThat(value("steps")).isEqualTo("2");

        driver.findElements(By.cssSelector(".tile.pending")).getLast().click();
        find("cancel").click();
        until(_ -> pending() == 0);
        assertThat(drawn()).isEqualTo(1);
        driver.navigate().refresh();
        until(_ -> drawn() == 1);
    }

    @Test
    void readsTheSettingsOfADroppedPngOfThisLibrary() throws IOException {
        open();
        type("negativePrompt", "blurry");
        type("guidanceScale", "3.5");
        type("steps", "3");
        find("details").findElement(By.tagName("summary")).click();
        find("sampler").sendKeys("DPM++ 2M");
        draw("a (pink:1.2) ring", "4000000007");
        byte[] png = download();
        find("reset").click();
        type("prompt", "something else");
        type("negativePrompt", "");
        type("seed", "");

        drop(png, 0.2);

        until(_ -> value("prompt").equals("a (pink:1.2) ring"));
        assertThat(value("negativePrompt")).isEqualTo("blurry");
        assertThat(value("seed")).isEqualTo("4000000007");
        assertThat(value("steps")).isEqualTo("3");
        assertThat(value("guidanceScale")).isEqualTo("3.5");
        assertThat(value("sampler")).isEqualTo("dpm++2m");
        assertThat(value("width")).isEqualTo("128");
        assertThat(find("toast").getText()).contains("settings of this picture");

        drop(png, 0.8);
        until(_ -> isShown("input-image"));
    }

    static Stream<String> chunks() {
        return Stream.of("tEXt", "zTXt", "iTXt");
    }

    @ParameterizedTest
    @MethodSource("chunks")
    void readsTheSettingsOfADroppedPngOfAnotherProgram(String chunk) throws IOException {
        open();
        String prompt = chunk.equals("iTXt") ? "ein grünes Haus, 家" : "a house, green, <b>bold</b>";

        drop(pngWithText(chunk, prompt + """

                        Negative prompt: blurry,
                        grey
                        Steps: 31, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 123456789, Size: 512x768, Model hash: abc, \
                        Model: "other, model", Clip skip: 2, Version: v1.10"""), 0.2);

        until(_ -> value("prompt").equals(prompt));
        assertThat(value("negativePrompt")).isEqualTo("blurry,\ngrey");
        assertThat(value("steps")).isEqualTo("31");
        assertThat(value("guidanceScale")).isEqualTo("6.5");
        assertThat(value("seed")).isEqualTo("123456789");
        assertThat(value("width")).isEqualTo("512");
        assertThat(value("height")).isEqualTo("768");
        assertThat(value("sampler")).isEqualTo("dpm++2m");
        assertThat(value("schedule")).isEqualTo("karras");
        assertThat(find("toast").getText()).contains("the model other, model").contains("Clip skip");
    }

    @Test
    void aPngWithoutSettingsSaysSo() throws IOException {
        open();

        drop(png(Color.GRAY, 8), 0.2);

        until(_ -> find("toast").getText().contains("carries no settings"));
    }

    private void drop(byte[] file, double across) {
        driver.executeScript("""
                const bytes = Uint8Array.from(atob(arguments[0]), c => c.charCodeAt(0)), data = new DataTransfer();
                data.items.add(new File([bytes], 'picture.png', { type: 'image/png' }));
                for (const kind of ['dragenter', 'dragover', 'drop']) {
                  document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data,
                    clientX: innerWidth * arguments[1], clientY: innerHeight / 2 }));
                }""", Base64.getEncoder().encodeToString(file), across);
    }

    private static byte[] pngWithText(String chunk, String text) throws IOException {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), null);
        IIOMetadataNode entry = new IIOMetadataNode(chunk + "Entry");
        entry.setAttribute("keyword", "parameters");
        entry.setAttribute("compressionMethod", chunk.equals("zTXt") ? "deflate" : "0");
        entry.setAttribute("compressionFlag", "TRUE");
        entry.setAttribute("languageTag", "de");
        entry.setAttribute("translatedKeyword", "");
        entry.setAttribute(chunk.equals("tEXt") ? "value" : "text", text);
        IIOMetadataNode node = new IIOMetadataNode(chunk);
        node.appendChild(entry);
        IIOMetadataNode root = new IIOMetadataNode("javax_imageio_png_1.0");
        root.appendChild(node);
        metadata.mergeTree("javax_imageio_png_1.0", root);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(new IIOImage(image, null, metadata));
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    @Test
    void theKeyboardIsEnough() {
        open();
        press(Keys.TAB);
        assertThat(driver.switchTo().activeElement().getText()).isEqualTo("To the prompt");
        press(Keys.ENTER);
        assertThat(focused()).isEqualTo("prompt");

        pressGenerate();
        assertThat(focused()).isEqualTo("prompt");
        assertThat(find("prompt").getDomAttribute("aria-invalid")).isEqualTo("true");
        assertThat(find(find("prompt").getDomAttribute("aria-describedby")).getText())
                .isEqualTo("Say what the picture should show.");

        press("a red circle");
        assertThat(find("prompt").getDomAttribute("aria-invalid")).isNull();
        press(Keys.TAB);
        assertThat(focused()).isEqualTo("negativePrompt");
        assertThat(driver.switchTo().activeElement().getCssValue("outline-style"))
                .isEqualTo("solid");
        type("steps", "2");
        type("batchCount", "2");
        pressGenerate();
        until(_ -> drawn() == 2);

        find("shown").sendKeys(Keys.ENTER);
        until(_ -> isShown("viewer-image"));
        String place = find("viewer-place").getText();
        press(place.startsWith("1") ? Keys.ARROW_RIGHT : Keys.ARROW_LEFT);
        until(_ -> !find("viewer-place").getText().equals(place));
        press(Keys.ESCAPE);
        until(_ -> !isShown("viewer-image"));
        assertThat(focused()).isEqualTo("shown");
        press("?");
        until(_ -> isShown("sheet"));
        press(Keys.ESCAPE);
        until(_ -> !isShown("sheet"));
    }

    @Test
    void errorsStandAtTheirFields() {
        open();
        type("prompt", "a ring");
        type("steps", "100000");
        type("seed", "seven");
        pressGenerate();
        assertThat(find("steps-fault").getText()).startsWith("Steps goes from 1 to");
        assertThat(find("seed-fault").getText()).contains("whole number");
        assertThat(pending()).isZero();

        type("steps", "");
        type("seed", "");
        type("negativePrompt", "<lora:style:1>");
        pressGenerate();
        until(_ -> isShown("negativePrompt-fault"));
        assertThat(find("negativePrompt-fault").getText()).contains("LoRA");
        assertThat(focused()).isEqualTo("negativePrompt");
    }

    @Test
    void whatTheModelCannotDoIsNotOffered() {
        open();
        assertThat(isShown("input-choose")).isTrue();
        assertThat(isShown("model-field")).as("one model is no choice").isFalse();
        assertThat(isShown("loras-field")).as("there are no LoRAs").isFalse();
    }

    @Test
    void asksForTheKey() {
        try (DiffusionServer locked = DiffusionServer.builder()
                .model("shapes-v1", DemoModel.path())
                .inProcess()
                .port(0)
                .apiKey("open-sesame")
                .start()) {
            driver.get(locked.uri().toString());
            until(_ -> isShown("ask-key"));
            press("wrong", Keys.ENTER);
            until(_ -> isShown("ask-fault"));
            press("open-sesame", Keys.ENTER);
            until(_ -> find("state").getText().equals("Ready"));

            type("steps", "2");
            draw("a red circle", "1");
            assertThat(facts()).containsEntry("Seed", "1");
        }
    }

    @Test
    void saysThatTheServerIsLostAndFindsItAgain() {
        int port;
        try (DiffusionServer first = DiffusionServer.builder()
                .model("shapes-v1", DemoModel.path())
                .inProcess()
                .port(0)
                .start()) {
            port = first.port();
            open(first);
        }
        type("prompt", "a star");
        pressGenerate();
        until(_ -> isShown("fault"));
        assertThat(find("fault").getText()).contains("does not answer");
        until(_ -> isShown("notice"));

        try (DiffusionServer _ = DiffusionServer.builder()
                .model("shapes-v1", DemoModel.path())
                .inProcess()
                .port(port)
                .start()) {
            until(_ -> !isShown("notice"));
            assertThat(value("prompt")).isEqualTo("a star");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {320, 390, 820, 1440})
    void nothingOverflowsAndFingersHitWhatTheyShould(int width) {
        resize(width, 844);
        open();
        driver.executeScript("for (const part of document.querySelectorAll('details')) { part.open = true; }");

        assertThat((Long) driver.executeScript("return document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(width);
        if (width < 1000) {
            List<?> small = (List<?>) driver.executeScript("""
                    return [...document.querySelectorAll('button, select, textarea, summary, label.tick, input:not([type=checkbox])')]
                      .filter(one => one.checkVisibility() && (one.offsetHeight < 44 || one.offsetWidth < 44))
                      .map(one => one.id + ' ' + one.offsetWidth + 'x' + one.offsetHeight)""");
            assertThat(small).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"1440, light", "1440, dark", "820, light", "390, dark"})
    void everybodyCanReadAndUseIt(int width, String theme) throws IOException {
        Path file = Files.write(folder.resolve("red.png"), png(new Color(200, 30, 30), 64));
        resize(width, 900);
        prefer(theme);
        open();
        assertThat(barriers()).isEmpty();

        find("input-file").sendKeys(file.toString());
        until(_ -> isShown("mask-paint"));
        driver.executeScript("for (const part of document.querySelectorAll('details')) { part.open = true; }");
        type("seed", "seven");
        pressGenerate();
        until(_ -> isShown("seed-fault"));
        assertThat(barriers()).isEmpty();

        find("mask-paint").sendKeys(Keys.ENTER);
        until(_ -> isShown("overlay"));
        assertThat(barriers()).isEmpty();
    }

    /** What the checker axe-core finds against WCAG 2.2, level AA, such as too little contrast. */
    private List<?> barriers() throws IOException {
        try (InputStream script = PageTest.class.getResourceAsStream("/axe.min.js")) {
            driver.executeScript(new String(script.readAllBytes(), StandardCharsets.UTF_8));
        }
        return (List<?>) driver.executeAsyncScript("""
                const done = arguments[0];
                axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
                  .then(found => done(found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.target.join(' ')))));""");
    }

    private void prefer(String theme) {
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", theme))));
    }

    private static byte[] png(Color colour, int size) throws IOException {
        BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(colour);
        graphics.fillRect(0, 0, size, size);
        graphics.dispose();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }

    @Test
    void screenshots() throws IOException {
        open();
        draw("a large yellow star on a blue background", "11");
        draw("a green ring on a pink background", "4");
        draw("a small white square on a black background", "2");
        draw("an orange triangle on a cyan background", "6");
        draw("a red circle on a white background", "42");
        driver.executeScript("document.activeElement.blur()");

        for (String theme : List.of("light", "dark")) {
            prefer(theme);
            screenshot("page-desktop-" + theme);
        }
        prefer("light");
        resize(820, 1180);
        screenshot("page-tablet");
        resize(390, 844);
        screenshot("page-phone");
        resize(1440, 900);
        find("as-input").click();
        until(_ -> isShown("mask-paint"));
        find("mask-paint").click();
        until(_ -> isShown("overlay"));
        int unit = find("overlay").getSize().getWidth() / 128;
        new Actions(driver)
                .moveToElement(find("overlay"), -30 * unit, 12 * unit)
                .clickAndHold()
                .moveByOffset(18 * unit, -6 * unit)
                .moveByOffset(20 * unit, 8 * unit)
                .moveByOffset(22 * unit, -4 * unit)
                .release()
                .perform();
        covered();
        screenshot("page-mask");
    }

    private void screenshot(String name) throws IOException {
        boolean wanted = Boolean.getBoolean("diffusion4j.screenshots");
        Path directory = wanted ? Path.of("..", "docs", "images") : Path.of("target", "screenshots");
        Files.createDirectories(directory);
        driver.executeScript("scrollTo(0, 0)");
        byte[] png = driver.getScreenshotAs(OutputType.BYTES);
        assertThat(png.length).as(name).isLessThan(LARGEST_SCREENSHOT);
        Files.write(directory.resolve(name + ".png"), png);
    }
}
