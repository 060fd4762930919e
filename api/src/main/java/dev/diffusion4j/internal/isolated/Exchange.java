package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.error.OutOfNativeMemoryException;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The parent's side of one call's data: gives tensors and pictures their places, and copies them there and back. */
final class Exchange {

    private static final long ALIGNMENT = 64;

    private final SharedMemory memory;
    private final List<Tensor> inputs = new ArrayList<>();
    private final List<SharedTensor> inputPlaces = new ArrayList<>();
    private final List<BufferedImage> pictures = new ArrayList<>();
    private final List<SharedPicture> picturePlaces = new ArrayList<>();
    private final List<Tensor> outputs = new ArrayList<>();
    private final List<SharedTensor> outputPlaces = new ArrayList<>();
    private long end;

    Exchange(SharedMemory memory) {
        this.memory = memory;
    }

    /** A tensor that the child reads. */
    SharedTensor input(Tensor tensor) {
        SharedTensor place = SharedTensor.at(aligned(), tensor.shape());
        end = place.end();
        inputs.add(tensor);
        inputPlaces.add(place);
        return place;
    }

    /** A picture that the child reads. */
    SharedPicture input(BufferedImage picture) {
        SharedPicture place = SharedPicture.at(aligned(), picture);
        end = place.end();
        pictures.add(picture);
        picturePlaces.add(place);
        return place;
    }

    /** A tensor that the child writes. */
    SharedTensor output(Tensor tensor) {
        SharedTensor place = SharedTensor.at(aligned(), tensor.shape());
        end = place.end();
        outputs.add(tensor);
        outputPlaces.add(place);
        return place;
    }

    private long aligned() {
        return (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** Writes what the child reads, once everything has its place. */
    void write() {
        MemorySegment data = data(end);
        for (int i = 0; i < inputs.size(); i++) {
            inputPlaces.get(i).in(data).copyFrom(inputs.get(i).segment());
        }
        for (int i = 0; i < pictures.size(); i++) {
            picturePlaces.get(i).write(pictures.get(i), data);
        }
    }

    /** Copies what the child wrote into the tensors that were given for it. */
    void readOutputs() {
        for (int i = 0; i < outputs.size(); i++) {
            SharedTensor place = outputPlaces.get(i);
            outputs.get(i).segment().copyFrom(place.in(data(place.end())));
        }
    }

    /** A copy of a tensor that the child placed itself. */
    Tensor read(SharedTensor place) {
        Tensor copy = Tensor.zeros(place.shape());
        copy.segment().copyFrom(place.in(data(place.end())));
        return copy;
    }

    /** Copies of pictures that the child placed itself. */
    List<RgbImage> read(List<SharedPicture> places) {
        List<RgbImage> images = new ArrayList<>();
        for (SharedPicture place : places) {
            images.add(place.toRgbImage(data(place.end())));
        }
        return images;
    }

    private MemorySegment data(long bytes) {
        try {
            return memory.data(bytes);
        } catch (IOException e) {
            throw new OutOfNativeMemoryException("no room for " + bytes + " bytes of shared memory", e);
        }
    }
}
