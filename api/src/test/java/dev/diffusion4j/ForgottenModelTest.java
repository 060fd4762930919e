package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.testing.engine.FakeEngine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A model that nobody closed is spoken of in the log. */
@Tag("fast")
@Timeout(60)
class ForgottenModelTest {

    @TempDir
    private Path folder;

    private final Logger logger = Logger.getLogger("dev.diffusion4j.runtime");
    private final BlockingQueue<LogRecord> records = new LinkedBlockingQueue<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord log) {
            records.add(log);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
    }

    @AfterEach
    void stopListening() {
        logger.removeHandler(handler);
    }

    private DiffusionModel open(String name) {
        Path file = new Safetensors().floats("nothing", 1).write(folder.resolve(name));
        return FakeModels.open(new FakeEngine(null), ModelFile.read(file), 1);
    }

    private void forget() {
        open("forgotten").textToImage("a star");
    }

    @Test
    void onlyAModelThatWasNeverClosedIsLoggedWithWhereItWasOpened() throws InterruptedException {
        open("closed").close();
        forget();
        List<LogRecord> seen = new ArrayList<>();
        while (seen.isEmpty()) {
            System.gc();
            LogRecord record = records.poll(20, TimeUnit.MILLISECONDS);
            // Other tests of this JVM may have forgotten models as well.
            if (record != null && record.getMessage().matches("the model (closed|forgotten) .*")) {
                seen.add(record);
            }
        }

        assertThat(seen.getFirst().getMessage()).isEqualTo("the model forgotten was never closed");
        assertThat(seen.getFirst().getThrown().getStackTrace())
                .extracting(StackTraceElement::getMethodName)
                .contains("forget");
    }
}
