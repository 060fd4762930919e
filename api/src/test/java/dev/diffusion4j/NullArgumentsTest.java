package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.device.RpcServerOptions;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.PictureParameters;
import dev.diffusion4j.request.Identity;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.References;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.UpscaleRequest;
import dev.diffusion4j.request.UpscalerOptions;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.scheduler.Timestep;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The one rule for null: what is not {@link Nullable} is refused with a {@link NullPointerException}, at once. Asked of every
 * constructor and static method that is exported, and of the methods of some values, for each argument in turn.
 */
@Tag("fast")
class NullArgumentsTest {

    private static final BufferedImage IMAGE = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    private static final Tensor TENSOR = Tensor.zeros(Shape.of(2, 4), Arena.ofAuto());

    /** Other arguments than the one that is null, and what methods are called on. */
    private static final List<Object> VALUES = List.of(
            64,
            64L,
            64.0,
            64f,
            true,
            "a",
            Path.of("no such file"),
            Duration.ofSeconds(1),
            Optional.empty(),
            OptionalInt.empty(),
            List.of(),
            Map.of(),
            Set.of(),
            IMAGE,
            TENSOR,
            TENSOR.shape(),
            Arena.ofAuto().allocate(64),
            new ImageSize(64, 64),
            Picture.of(IMAGE),
            InitImage.of(IMAGE),
            References.of(IMAGE),
            Identity.of(IMAGE),
            ImageRequest.textToImage("a"),
            ImageRequest.textToImage("a").build(),
            VideoRequest.textToVideo("a"),
            VideoRequest.textToVideo("a").build(),
            VideoReport.of(VideoRequest.textToVideo("a").build(), "a", List.of()),
            Sampling.of(Sampler.EULER),
            Sampling.with(EulerScheduler.stableDiffusion()),
            ModelOptions.builder(),
            ModelOptions.DEFAULT,
            GenerationListener.NONE,
            Conditioning.of(TENSOR),
            new Timestep(0, 0),
            EulerScheduler.builder(),
            DeviceChoice.cpu(),
            IsolatedOptions.DEFAULT,
            RpcServerOptions.DEFAULT,
            UpscaleRequest.of(Picture.of(IMAGE)),
            UpscalerOptions.DEFAULT,
            new PictureParameters("a", Optional.empty()),
            GenerationReport.of(ImageRequest.textToImage("a").build(), "a", List.of()),
            new IOException());

    /** An argument that is null. */
    private record Case(Executable called, int argument) {

        @Override
        public String toString() {
            return called.getDeclaringClass().getSimpleName() + "." + called.getName() + ", "
                    + called.getParameters()[argument];
        }
    }

    static Stream<Case> cases() {
        return new ClassFileImporter()
                        .importUrl(DiffusionModel.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation())
                        .stream()
                        .filter(type -> !type.getPackageName().contains(".internal"))
                        .map(JavaClass::reflect)
                        .filter(NullArgumentsTest::isPublic)
                        .flatMap(NullArgumentsTest::called)
                        .flatMap(called -> IntStream.range(0, called.getParameterCount())
                                .filter(argument -> !called.getParameterTypes()[argument].isPrimitive()
                                        && !called.getAnnotatedParameterTypes()[argument].isAnnotationPresent(
                                                Nullable.class))
                                .mapToObj(argument -> new Case(called, argument)));
    }

    private static boolean isPublic(Class<?> type) {
        return Modifier.isPublic(type.getModifiers())
                && (type.getEnclosingClass() == null || isPublic(type.getEnclosingClass()));
    }

    private static Stream<Executable> called(Class<?> type) {
        Stream<Constructor<?>> constructors =
                Modifier.isAbstract(type.getModifiers()) ? Stream.empty() : Stream.of(type.getConstructors());
        boolean isThere = VALUES.stream().anyMatch(type::isInstance);
        return Stream.concat(
                constructors,
                Stream.of(type.getDeclaredMethods())
                        .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
                        .filter(method -> !method.getName().equals("equals"))
                        .filter(method -> Modifier.isStatic(method.getModifiers()) || isThere));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isRefused(Case missing) {
        Class<?>[] types = missing.called().getParameterTypes();
        Object[] arguments = new Object[types.length];
        Arrays.setAll(arguments, i -> i == missing.argument() ? null : value(types[i]));
        assertThatNullPointerException().isThrownBy(() -> call(missing.called(), arguments));
    }

    private static void call(Executable called, Object[] arguments) throws Throwable {
        try {
            switch (called) {
                case Constructor<?> constructor -> constructor.newInstance(arguments);
                case Method method ->
                    method.invoke(
                            Modifier.isStatic(method.getModifiers()) ? null : value(method.getDeclaringClass()),
                            arguments);
            }
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static Object value(Class<?> type) {
        Class<?> wanted = MethodType.methodType(type).wrap().returnType();
        if (wanted.isArray()) {
            return Array.newInstance(wanted.getComponentType(), 0);
        }
        if (wanted.isEnum()) {
            return wanted.getEnumConstants()[0];
        }
        return VALUES.stream()
                .filter(wanted::isInstance)
                .findFirst()
                .orElseGet(() -> Proxy.newProxyInstance(
                        NullArgumentsTest.class.getClassLoader(), new Class<?>[] {wanted}, (_, _, _) -> null));
    }
}
