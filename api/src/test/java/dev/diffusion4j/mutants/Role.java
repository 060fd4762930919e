package dev.diffusion4j.mutants;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.TensorInfo;
import dev.diffusion4j.modelfile.TensorType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.stream.IntStream;

/** What a file is for, with the least that is complete and usable as such. */
enum Role {
    MODEL,
    LORA,
    EMBEDDING,
    VAE,
    TINY_AUTOENCODER;

    private static final String VAE_PREFIX = "first_stage_model.";
    private static final String CLIP_PREFIX = "cond_stage_model.";
    private static final int CLIP_WIDTH = 768;
    private static final int RANK = 4;
    private static final int TINY_WIDTH = 64;

    /** Larger weights are zeros, so that they take no room on disk. */
    private static final long MAX_CONTENT = 16_384;

    Draft draft(Format format) {
        Draft draft = new Draft();
        switch (this) {
            case MODEL -> addModel(draft, format);
            case LORA -> addLora(draft);
            case EMBEDDING -> add(draft, "emb_params", TensorType.F32, 2, CLIP_WIDTH);
            case VAE -> addVae(draft);
            case TINY_AUTOENCODER -> addTinyAutoencoder(draft);
        }
        return draft.laidOut(format);
    }

    /** The demo model's tensors, with the U-Net and the decoder as narrow as the runtime takes them. */
    private static void addModel(Draft draft, Format format) {
        for (TensorInfo tensor : ModelFile.read(DemoModel.path()).tensors()) {
            long[] shape = narrowed(tensor);
            boolean quantised = format == Format.GGUF && tensor.name().startsWith(CLIP_PREFIX) && shape.length == 2;
            add(draft, tensor.name(), quantised ? TensorType.Q4_0 : TensorType.F16, shape);
        }
    }

    private static long[] narrowed(TensorInfo tensor) {
        boolean isContext =
                tensor.name().contains("attn2.to_k") || tensor.name().contains("attn2.to_v");
        return IntStream.range(0, tensor.shape().size())
                .mapToLong(i -> {
                    long dimension = tensor.shape().get(i);
                    if (tensor.name().startsWith("model.diffusion_model.")) {
                        return dimension < 64 || isContext && i == 1 ? dimension : dimension / 2;
                    }
                    return tensor.name().contains("decoder.") && dimension >= 96 ? dimension / 3 : dimension;
                })
                .toArray();
    }

    private static void addVae(Draft draft) {
        for (TensorInfo tensor : ModelFile.read(DemoModel.path()).tensors()) {
            if (tensor.name().startsWith(VAE_PREFIX)) {
                add(draft, tensor.name().substring(VAE_PREFIX.length()), TensorType.F16, narrowed(tensor));
            }
        }
    }

    private static void addLora(Draft draft) {
        for (TensorInfo tensor : ModelFile.read(DemoModel.path()).tensors()) {
            String name = tensor.name();
            boolean ofUnet = name.contains("attn2.to_") && tensor.shape().size() == 2;
            boolean ofText = name.contains("self_attn.q_proj.weight");
            if (!ofUnet && !ofText) {
                continue;
            }
            long[] shape = narrowed(tensor);
            String stem = name.replace(".weight", "")
                    .replace("cond_stage_model.transformer.", "te.")
                    .replace("model.diffusion_model.", "unet.")
                    .replace('.', '_');
            add(draft, "lora_" + stem + ".lora_down.weight", TensorType.F16, RANK, shape[1]);
            add(draft, "lora_" + stem + ".lora_up.weight", TensorType.F16, shape[0], RANK);
            add(draft, "lora_" + stem + ".alpha", TensorType.F32, 1);
        }
    }

    private static void addTinyAutoencoder(Draft draft) {
        convolution(draft, "encoder.layers.0", 3, TINY_WIDTH, true);
        blocks(draft, "encoder.layers.", 1, 1);
        for (int first = 2; first < 14; first += 4) {
            convolution(draft, "encoder.layers." + first, TINY_WIDTH, TINY_WIDTH, false);
            blocks(draft, "encoder.layers.", first + 1, 3);
        }
        convolution(draft, "encoder.layers.14", TINY_WIDTH, 4, true);
        convolution(draft, "decoder.layers.0", 4, TINY_WIDTH, true);
        for (int first = 2; first < 17; first += 5) {
            blocks(draft, "decoder.layers.", first, 3);
            convolution(draft, "decoder.layers." + (first + 4), TINY_WIDTH, TINY_WIDTH, false);
        }
        blocks(draft, "decoder.layers.", 17, 1);
        convolution(draft, "decoder.layers.18", TINY_WIDTH, 3, true);
    }

    private static void blocks(Draft draft, String prefix, int first, int count) {
        for (int block = first; block < first + count; block++) {
            for (int layer = 0; layer <= 4; layer += 2) {
                convolution(draft, prefix + block + ".conv." + layer, TINY_WIDTH, TINY_WIDTH, true);
            }
        }
    }

    private static void convolution(Draft draft, String name, int from, int to, boolean biased) {
        add(draft, name + ".weight", TensorType.F16, to, from, 3, 3);
        if (biased) {
            add(draft, name + ".bias", TensorType.F16, to);
        }
    }

    private static void add(Draft draft, String name, TensorType type, long... shape) {
        Weight weight = new Weight(name, type, shape, new byte[0]);
        if (weight.bytes() <= MAX_CONTENT && !type.isQuantized()) {
            weight.content = smallNumbers(weight, new Random(name.hashCode()));
        }
        draft.weights.add(weight);
    }

    private static byte[] smallNumbers(Weight weight, Random random) {
        ByteBuffer bytes = ByteBuffer.allocate((int) weight.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            float number = random.nextFloat() - 0.5f;
            if (weight.type == TensorType.F32) {
                bytes.putFloat(number);
            } else {
                bytes.putShort(Float.floatToFloat16(number));
            }
        }
        return bytes.array();
    }
}
