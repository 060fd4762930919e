package dev.diffusion4j.mutants;

import dev.diffusion4j.modelfile.TensorType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Changes what a file says about its tensors, or what they hold. */
final class TensorMutations {

    /** By which the checks and the runtime tell families and sizes. */
    private static final List<String> KEYS = List.of(
            "input_blocks.0.0.weight",
            "out.2.weight",
            "time_embed.0.weight",
            "attn2.to_k.weight",
            "middle_block.1.norm.weight",
            "token_embedding.weight",
            "position_embedding.weight",
            "final_layer_norm.weight",
            "conv_in.weight",
            "conv_out.weight",
            "quant_conv.weight",
            "layers.0.weight");

    private static final List<String> PREFIXES = List.of(
            "",
            "model.",
            "model.diffusion_model.",
            "diffusion_model.",
            "unet.",
            "transformer.",
            "vae.",
            "tae.",
            "first_stage_model.",
            "cond_stage_model.",
            "cond_stage_model.1.",
            "conditioner.embedders.0.",
            "conditioner.embedders.1.model.",
            "te.",
            "te1.",
            "text_encoders.t5xxl.transformer.",
            "model_ema.",
            "lora.",
            "lora_unet_");

    /** Tensors of other families and of tools. */
    private static final List<String> STRANGERS = List.of(
            "model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale",
            "model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight",
            "model.diffusion_model.label_emb.0.0.weight",
            "model.diffusion_model.input_blocks.12.0.in_layers.0.weight",
            "model.diffusion_model.output_blocks.12.0.in_layers.0.weight",
            "model.diffusion_model.input_blocks.8.0.time_mixer.mix_factor",
            "model.diffusion_model.middle_block.1.transformer_blocks.1.attn1.to_k.weight",
            "model.diffusion_model.input_blocks.0.0.weight_scale",
            "cond_stage_model.transformer.text_model.encoder.layers.12.mlp.fc1.weight",
            "cond_stage_model.transformer.text_model.encoder.layers.0.self_attn.in_proj.weight",
            "cond_stage_model.1.transformer.text_model.embeddings.token_embedding.weight",
            "cond_stage_model.model.transformer.resblocks.0.attn.in_proj_weight",
            "cond_stage_model.transformer.text_model.embeddings.position_ids",
            "cond_stage_model.transformer.text_model.text_projection",
            "first_stage_model.decoder.conv1.weight",
            "first_stage_model.decoder.mid.attn_1.to_out.0.weight",
            "first_stage_model.decoder.up.4.block.0.conv1.weight",
            "first_stage_model.decoder.up.0.block.3.conv1.weight",
            "tae.decoder.layers.1.weight",
            "decoder.layers.19.weight",
            "vae.decoder.conv_in.weight",
            "alphas_cumprod",
            "edm_vpred.sigma_max",
            "v_pred",
            "ztsnr",
            "model_ema.decay",
            "lora_unet_input_blocks_1_1_proj_in.lora_down.weight",
            "lora_unet_input_blocks_1_1_proj_in.alpha",
            "pmid.qformer_perceiver.token_proj.0.bias",
            "control_model.input_hint_block.0.weight",
            "step",
            "x");

    private static final int MAX_CONTENT = 1 << 18;

    /** More would be read into memory for nothing. */
    private static final long MAX_WEIGHT_BYTES = 1L << 27;

    private final Draft draft;
    private final Format format;
    private final Choice choice;

    TensorMutations(Draft draft, Format format, Choice choice) {
        this.draft = draft;
        this.format = format;
        this.choice = choice;
    }

    /** Changes the draft and says how. */
    String apply(Kind kind) {
        if (draft.weights.isEmpty()) {
            return "no tensors";
        }
        return switch (kind) {
            case NAME -> name();
            case SHAPE -> shape();
            case TYPE -> type();
            case PLACE -> place();
            case TENSORS -> tensors();
            case DATA -> data();
            default -> throw new IllegalArgumentException(kind.name());
        };
    }

    private Weight any() {
        if (choice.percent(30)) {
            String key = choice.of(KEYS);
            List<Weight> keys = draft.weights.stream()
                    .filter(weight -> weight.text().endsWith(key))
                    .toList();
            if (!keys.isEmpty()) {
                return choice.of(keys);
            }
        }
        return choice.of(draft.weights);
    }

    private String name() {
        Weight weight = any();
        Weight other = any();
        String before = weight.toString();
        String old = weight.text();
        switch (choice.below(10)) {
            case 0 -> rename(weight, "");
            case 1 -> rename(weight, old.repeat(choice.of(2, 20, 200)));
            case 2 ->
                weight.name = choice.of(
                        new byte[] {(byte) 0xff, (byte) 0xfe},
                        new byte[] {0, 'a'},
                        ("\n" + old).getBytes(StandardCharsets.UTF_8));
            case 3 -> {
                byte[] name = weight.name;
                weight.name = other.name;
                other.name = name;
            }
            case 4 -> weight.name = other.name;
            case 5 ->
                rename(
                        weight,
                        choice.of(PREFIXES)
                                + old.replaceFirst("^(model|cond_stage_model|first_stage_model|lora)[._]\\w*\\.", ""));
            case 6 ->
                rename(
                        weight,
                        old.replaceFirst("\\d+", choice.of("0", "1", "7", "12", "99", "4096", "4097", "99999999999")));
            case 7 ->
                rename(
                        weight,
                        old + choice.of(".x", "_scale", ".lora_down.weight", ".lora_up.weight", ".", " ", "\u00e9"));
            case 8 -> rename(weight, choice.of(STRANGERS));
            default -> renameAll();
        }
        return before + " is called " + weight;
    }

    private static void rename(Weight weight, String name) {
        weight.name = name.getBytes(StandardCharsets.UTF_8);
    }

    /** As other tools call the parts, or as nobody does. */
    private void renameAll() {
        String from = choice.of(
                "model.diffusion_model.",
                "cond_stage_model.transformer.",
                "first_stage_model.",
                "decoder.",
                "lora_unet_");
        String to = choice.of(PREFIXES);
        draft.weights.forEach(weight -> rename(weight, weight.text().replace(from, to)));
    }

    private String shape() {
        Weight weight = any();
        String before = weight.toString();
        long[] shape = weight.shape;
        int at = shape.length == 0 ? 0 : choice.below(shape.length);
        if (shape.length == 0) {
            weight.shape = new long[] {1};
        } else {
            switch (choice.below(10)) {
                case 0 -> weight.shape = turned(shape, 1 + choice.below(shape.length));
                case 1 -> shape[at] = choice.of(0L, 1L, 2L);
                case 2 -> shape[at] = choice.telling(shape[at]);
                case 3 -> shape[at] = Math.max(0, shape[at] + choice.of(-1, 1, 32, -32));
                case 4 -> {
                    int to = choice.below(shape.length);
                    int factor = choice.of(2, 3, 4);
                    shape[at] /= factor;
                    shape[to] *= factor;
                }
                case 5 ->
                    weight.shape = LongStream.concat(LongStream.of(1), Arrays.stream(shape))
                            .toArray();
                case 6 ->
                    weight.shape = LongStream.concat(Arrays.stream(shape), LongStream.of(1))
                            .toArray();
                case 7 -> weight.shape = new long[] {weight.elements()};
                case 8 -> weight.shape = Arrays.copyOf(shape, choice.below(7));
                default -> shape[at] *= choice.of(2, 4);
            }
        }
        return before + " has the shape of " + weight + fit(weight);
    }

    private static long[] turned(long[] shape, int by) {
        return IntStream.range(0, shape.length)
                .mapToLong(i -> shape[(i + by) % shape.length])
                .toArray();
    }

    private String type() {
        Weight weight = any();
        String before = weight.toString();
        if (choice.percent(15)) {
            weight.strangeType = choice.of(
                    "F4",
                    "BOOL",
                    "U16",
                    "C64",
                    "I16",
                    "",
                    "f16",
                    "ComplexFloatStorage",
                    "BoolStorage",
                    "U64",
                    "F8_E8M0",
                    "\\u0000");
            return before + " is said to be of type " + weight.strangeType;
        }
        TensorType type = choice.of(TensorType.values());
        if (choice.percent(25)) {
            String part = weight.text().substring(0, Math.min(20, weight.text().length()));
            draft.weights.stream()
                    .filter(other -> other.text().startsWith(part))
                    .forEach(other -> retype(other, type));
        } else {
            retype(weight, type);
        }
        return before + " is of type " + weight.type + fit(weight);
    }

    private static void retype(Weight weight, TensorType type) {
        if (weight.content.length > 0 && type.byteSize(1L << 12) < 1L << 13) {
            weight.content = Arrays.copyOf(weight.content, weight.content.length / 2);
        }
        weight.type = type;
    }

    /** Mostly gives the weights their places anew; else the file says what cannot be. */
    private String fit(Weight weight) {
        if (weight.bytes() < MAX_WEIGHT_BYTES && choice.percent(75)) {
            draft.laidOut(format);
            draft.weights.forEach(TensorMutations::cut);
            return "";
        }
        return ", without room for it";
    }

    private static void cut(Weight weight) {
        if (weight.content.length > weight.bytes()) {
            weight.content = Arrays.copyOf(weight.content, (int) weight.bytes());
        }
    }

    private String place() {
        Weight weight = any();
        Weight other = any();
        long offset = weight.offset;
        long length = weight.length;
        switch (choice.below(8)) {
            case 0 -> weight.offset += choice.of(-64, -32, -1, 1, 32, 64);
            case 1 -> weight.offset = choice.telling(weight.offset);
            case 2 -> weight.length = choice.telling(weight.length);
            case 3 -> weight.length += choice.of(-64, -2, -1, 1, 2, 64);
            case 4 -> weight.offset = draft.dataBytes - choice.of(0L, 1L, weight.length, weight.length - 1);
            case 5 -> {
                weight.offset = other.offset;
                weight.storage = other.storage;
            }
            case 6 -> {
                weight.offset = other.offset;
                other.offset = offset;
                int storage = weight.storage;
                weight.storage = other.storage;
                other.storage = storage;
            }
            default -> {
                if (format.hasStorages()) {
                    weight.storage = choice.of(draft.weights.size(), 999_999, other.storage);
                } else {
                    draft.dataBytes += choice.of(-64, -1, 1, 64);
                }
            }
        }
        return "%s at %d+%d of storage %d, before at %d+%d"
                .formatted(weight, weight.offset, weight.length, weight.storage, offset, length);
    }

    private String tensors() {
        Weight weight = any();
        String what;
        switch (choice.below(8)) {
            case 0, 1 -> {
                draft.weights.remove(weight);
                what = "without " + weight;
            }
            case 2 -> {
                String prefix = choice.of(PREFIXES.subList(1, PREFIXES.size()));
                draft.weights.removeIf(other -> other.text().startsWith(prefix));
                what = "without " + prefix;
            }
            case 3 -> {
                int percent = choice.of(1, 10, 50, 100);
                draft.weights.removeIf(other -> choice.percent(percent));
                what = "without " + percent + "% of the tensors";
            }
            case 4 -> {
                draft.weights.add(choice.below(draft.weights.size() + 1), weight.copy());
                what = "twice " + weight;
            }
            case 5 -> {
                Collections.shuffle(draft.weights, choice.random());
                what = "shuffled";
            }
            default -> {
                int count = choice.of(1, 1, 1, 3, 200);
                for (int i = 0; i < count; i++) {
                    String name = choice.of(STRANGERS) + (count > 3 ? "." + i : "");
                    long[] shape = choice.of(
                            new long[] {},
                            new long[] {1},
                            new long[] {0},
                            new long[] {768},
                            new long[] {64, 32},
                            new long[] {32, 4, 3, 3},
                            new long[] {1, 1, 1, 1, 1},
                            weight.shape.clone());
                    TensorType type =
                            choice.of(TensorType.F32, TensorType.F16, TensorType.F16, TensorType.I64, TensorType.U8);
                    draft.weights.add(
                            choice.below(draft.weights.size() + 1), new Weight(name, type, shape, new byte[0]));
                }
                what = "with " + count + " strangers";
            }
        }
        draft.laidOut(format);
        return what;
    }

    private String data() {
        int count = choice.of(1, 1, 3, 30, 1000);
        String what = choice.of("NaN", "infinities", "the largest", "random bytes", "ones");
        for (int i = 0; i < count; i++) {
            Weight weight = any();
            int length = (int) Math.min(MAX_CONTENT, weight.room);
            weight.content = choice.bytes(length);
            if (!what.equals("random bytes")) {
                fill(weight, what);
            }
        }
        return what + " in " + count + " tensors";
    }

    private static void fill(Weight weight, String what) {
        ByteBuffer bytes = ByteBuffer.wrap(weight.content);
        byte[] pattern = switch (what) {
            case "NaN" -> new byte[] {(byte) 0xff, 0x7f};
            case "infinities" ->
                weight.type == TensorType.F32 ? new byte[] {0, 0, (byte) 0x80, 0x7f} : new byte[] {0, 0x7c};
            case "the largest" -> new byte[] {(byte) 0xff, 0x7b};
            default -> new byte[] {(byte) 0xff, (byte) 0xff};
        };
        while (bytes.remaining() >= pattern.length) {
            bytes.put(pattern);
        }
    }
}
