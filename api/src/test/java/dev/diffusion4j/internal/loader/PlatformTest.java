package dev.diffusion4j.internal.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.NativeRuntime;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.NativeLibraryException;
import dev.diffusion4j.testing.process.ChildJvm;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Windows, where the bindings cannot be initialized, is refused by its name. */
@Tag("fast")
class PlatformTest {

    /** What a program may begin with, each said with what it throws. */
    static final class Beginnings {

        private Beginnings() {}

        static void main(String[] arguments) {
            ModelOpener options = DiffusionModel.options();
            say("open", () -> options.open(DemoModel.path()));
            say("isolated", () -> options.isolated().open(DemoModel.path()));
            say("tokenizer", ClipTokenizer::load);
            say("devices", NativeRuntime::devices);
            say("diagnosis", () -> {
                throw NativeRuntime.diagnose().failure().orElseThrow();
            });
        }

        private static void say(String what, Runnable beginning) {
            try {
                beginning.run();
                System.out.println(what + ": works");
            } catch (Throwable e) {
                System.out.println(what + ": " + e);
            }
        }
    }

    @Test
    void onWindowsEverythingSaysThatItIsNotSupported() throws Exception {
        ChildJvm.Result result = ChildJvm.start(
                        Beginnings.class, List.of("-Dos.name=Windows 11", "-Xlog:class+init=info"))
                .end();

        assertThat(result.status()).as(result.output()).isZero();
        String reason = NativeLibraryException.class.getName() + ": Windows is not supported";
        assertThat(result.output())
                .contains("open: " + reason)
                .contains("isolated: " + reason)
                .contains("tokenizer: " + reason)
                .contains("devices: " + reason)
                .contains("diagnosis: " + reason)
                .doesNotContain("ExceptionInInitializerError")
                .doesNotContainPattern("Initializing 'dev/diffusion4j/bindings/");
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux", "macos", "freebsd"})
    void othersAreLeftToTheSearchForALibrary(String os) {
        assertThatCode(() -> new Platform(os, "x86_64").requireSupported()).doesNotThrowAnyException();
    }

    @Test
    void windowsIsWindowsOnEveryProcessor() {
        assertThatThrownBy(() -> new Platform("windows", "aarch64").requireSupported())
                .isInstanceOf(NativeLibraryException.class);
    }
}
