package dev.diffusion4j.modelfile;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Text;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * What was found in a file, or together in all that a model was split over.
 *
 * @param places which file has each tensor; empty where there is one file
 * @param size of all files, in bytes
 */
record SplitHeader(List<Path> files, Map<String, Path> places, long size, Header header) {

    static SplitHeader read(Path path) {
        Shards shards = Shards.at(path);
        List<Header> headers = new ArrayList<>();
        Map<String, Path> places = new LinkedHashMap<>();
        SequencedMap<String, TensorInfo> tensors = new LinkedHashMap<>();
        long size = 0;
        for (Path file : shards.files()) {
            try (ByteSource source = ByteSource.open(file)) {
                Header header = FormatDetector.read(source);
                headers.add(header);
                size += source.size();
                header.tensors().forEach((name, tensor) -> {
                    tensors.put(name, tensor);
                    Path other = places.put(name, file);
                    if (other != null) {
                        throw source.damaged("tensor " + Text.quoted(name) + " is in " + Text.of(other) + ", too");
                    }
                });
            }
        }
        shards.requirePlaces(path, places);
        Header first = headers.getFirst();
        requireWhole(path, first, headers.size(), tensors.size());
        if (headers.stream().anyMatch(header -> header.format() != first.format())) {
            throw new ModelFileException(Text.of(path) + " is of a model in files of different formats");
        }
        return new SplitHeader(
                shards.files(),
                headers.size() == 1 ? Map.of() : places,
                size,
                new Header(
                        first.format(),
                        first.metadata(),
                        tensors,
                        headers.stream().allMatch(Header::readByRuntime)));
    }

    /** The first GGUF file says how many there are, and how many tensors; 0 files are what one was made of again. */
    private static void requireWhole(Path path, Header first, int files, int tensors) {
        if (first.format() != ModelFormat.GGUF) {
            return;
        }
        String count = first.metadata().getOrDefault("split.count", "0");
        boolean isOne = count.equals("0") || count.equals("1");
        if (isOne ? files != 1 : !count.equals(String.valueOf(files))) {
            throw new ModelFileException(Text.of(path) + " is of a model that was split over " + count
                    + " files, which its name does not say; give them the names that they had,"
                    + " name-00001-of-00003.gguf and so on");
        }
        String all = first.metadata().getOrDefault("split.tensors.count", "");
        if (!isOne && !all.isEmpty() && !all.equals(String.valueOf(tensors))) {
            throw new ModelFileException(
                    Text.of(path) + " is of a model of " + all + " tensors, of which its files have " + tensors);
        }
    }
}
