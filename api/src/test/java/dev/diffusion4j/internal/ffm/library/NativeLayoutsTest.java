package dev.diffusion4j.internal.ffm.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.bindings.d4j_tensor_t;
import dev.diffusion4j.error.NativeLibraryException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The layouts of the bindings against those of the library. */
@Tag("native")
class NativeLayoutsTest {

    @BeforeAll
    static void load() {
        NativeLibrary.load();
    }

    @Test
    void everyStructHasTheSizeAndTheFieldsOfTheLibrarys() {
        assertThat(NativeLibrary.layouts()).hasSizeGreaterThan(15).allSatisfy(NativeLibrary::checkLayout);
    }

    @Test
    void fieldsThatSwappedPlacesAreNoticedThoughTheSizeIsTheSame() {
        List<MemoryLayout> members = new ArrayList<>(d4j_tensor_t.layout().memberLayouts());
        Collections.swap(members, 1, 2);
        GroupLayout swapped = MemoryLayout.structLayout(members.toArray(MemoryLayout[]::new));

        assertThat(swapped.byteSize()).isEqualTo(d4j_tensor_t.layout().byteSize());
        assertThatThrownBy(() -> NativeLibrary.checkLayout("d4j_tensor_t", swapped))
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("d4j_tensor_t.rank's offset");
    }

    @Test
    void aFieldThatTheLibraryDoesNotHaveIsNoticed() {
        MemoryLayout[] members = d4j_tensor_t.layout().memberLayouts().toArray(MemoryLayout[]::new);
        members[0] = members[0].withName("count");

        assertThatThrownBy(() -> NativeLibrary.checkLayout("d4j_tensor_t", MemoryLayout.structLayout(members)))
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("d4j_tensor_t.count's offset is -1");
    }
}
