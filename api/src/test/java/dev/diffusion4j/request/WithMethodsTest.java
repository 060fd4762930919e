package dev.diffusion4j.request;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.device.RpcServerOptions;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.PictureParameters;
import java.awt.image.BufferedImage;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The {@code with} methods of option records: each changes what its name says, and nothing else. */
@Tag("fast")
class WithMethodsTest {

    static Stream<Record> records() {
        return Stream.of(
                (Record) StepCache.uCache(),
                (Record) StepCache.dbCache(),
                (Record) StepCache.spectrum(),
                HighResFix.twice(),
                UpscaleRequest.of(picture(1)),
                UpscalerOptions.DEFAULT,
                VaeTiling.DEFAULT,
                IsolatedOptions.DEFAULT,
                RpcServerOptions.DEFAULT);
    }

    @ParameterizedTest
    @MethodSource("records")
    void eachChangesOneComponent(Record record) throws Exception {
        List<Method> methods = Arrays.stream(record.getClass().getMethods())
                .filter(method -> method.getName().startsWith("with"))
                .toList();
        for (Method method : methods) {
            String name = Character.toLowerCase(method.getName().charAt(4))
                    + method.getName().substring(5);
            Map<String, Object> expected = components(record);
            assertThat(expected).as(method.getName()).containsKey(name);
            Object value = another(expected.get(name), method.getParameterTypes()[0]);
            expected.put(name, expected.get(name) instanceof Optional ? Optional.of(value) : value);

            Record changed = (Record) method.invoke(record, value);

            assertThat(components(changed)).as(method.getName()).isEqualTo(expected);
            assertThat(changed).isNotEqualTo(record);
        }
        assertThat(methods).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("records")
    void whatTellsKindsApartAloneHasNone(Record record) {
        List<String> with = Arrays.stream(record.getClass().getMethods())
                .map(method -> method.getName().toLowerCase())
                .filter(name -> name.startsWith("with"))
                .toList();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            if (!component.getName().equals("method")) {
                assertThat(with).contains("with" + component.getName().toLowerCase());
            }
        }
    }

    private static Picture picture(int side) {
        return Picture.of(new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB));
    }

    private static Map<String, Object> components(Record record) throws ReflectiveOperationException {
        Map<String, Object> values = new LinkedHashMap<>();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            values.put(component.getName(), component.getAccessor().invoke(record));
        }
        return values;
    }

    /** A value that is allowed in the place of the one that is there. */
    private static Object another(Object value, Class<?> type) {
        return switch (value) {
            case Boolean flag -> !flag;
            case Integer number -> number + 4;
            case Double number -> number == 0.5 ? 0.25 : number > 0.5 ? number - 0.01 : number + 0.01;
            case HighResFix.Upscaler upscaler -> HighResFix.Upscaler.LANCZOS;
            case DeviceChoice choice -> DeviceChoice.cpu();
            case Duration duration -> duration.plusSeconds(1);
            case Optional<?> none when type == String.class -> "1,0";
            case Optional<?> none when type == int.class -> 20;
            case Optional<?> none when type == ImageSize.class -> new ImageSize(64, 64);
            case Optional<?> none when type == IsolatedOptions.class -> IsolatedOptions.DEFAULT;
            case Optional<?> none when type == PictureParameters.class -> new PictureParameters("a", Optional.empty());
            case Optional<?> none -> Path.of("java");
            case Picture picture -> picture(2);
            case String text -> "127.0.0.2";
            case List<?> list -> List.of(Path.of("jar"));
            default -> throw new IllegalArgumentException("no other value for " + value);
        };
    }
}
