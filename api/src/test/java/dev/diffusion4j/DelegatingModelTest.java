package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.request.VideoRequest;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("fast")
class DelegatingModelTest {

    /** What begins a request for the decorator itself, and what comes down to startAll and generateAll of it. */
    private static final Set<String> ITS_OWN = Set.of(
            "textToImage", "textToVideo", "imageToVideo", "imageToImage", "inpaint", "edit", "start", "generate");

    static Stream<Method> methods() {
        return Arrays.stream(DiffusionModel.class.getMethods())
                .filter(method -> !Modifier.isStatic(method.getModifiers()))
                .filter(method -> !ITS_OWN.contains(method.getName()) || isVideo(method))
                .filter(method -> !isShorthand(method));
    }

    /** Videos have one method for each way, which pictures have in the plural. */
    private static boolean isVideo(Method method) {
        return Arrays.equals(method.getParameterTypes(), new Class<?>[] {VideoRequest.class, GenerationListener.class});
    }

    /** Without a listener, as the same method with one. */
    private static boolean isShorthand(Method method) {
        return method.getName().endsWith("All") && method.getParameterCount() == 1;
    }

    @ParameterizedTest
    @MethodSource("methods")
    void everythingIsLeftToTheOther(Method method) throws ReflectiveOperationException {
        List<Method> called = new ArrayList<>();
        DiffusionModel other = (DiffusionModel) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {DiffusionModel.class}, (proxy, asked, arguments) -> {
                    called.add(asked);
                    return asked.getReturnType() == int.class
                            ? (Object) 3
                            : asked.getReturnType() == double.class ? (Object) 3.0 : null;
                });
        DiffusionModel model = new DelegatingModel() {
            @Override
            protected DiffusionModel delegate() {
                return other;
            }
        };

        Object[] arguments = Arrays.stream(method.getParameterTypes())
                .map(type -> type == int.class ? (Object) 1 : null)
                .toArray();
        Object answer = method.invoke(model, arguments);

        assertThat(called).containsExactly(method);
        assertThat(answer).isIn(null, 3, 3.0);
    }
}
