/*
 * Conditioners of the shim in place of those of the runtime that they correct. runtime.cpp has them, as it compiles what makes
 * them.
 */
#ifndef D4J_CONDITIONERS_H
#define D4J_CONDITIONERS_H

#include "conditioning.h"
#include "guard.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace d4j {

/*
 * The text encoders of Stable Diffusion 1, 2 and XL, of which XL's two know words that were learned for both. SDXL is trained
 * with zeros in place of an empty text, those of its pooled vector included, which upstream leaves as the empty text made it.
 */
struct ClipConditioner : FrozenCLIPEmbedderWithCustomWords {
    template <typename... Arguments>
    explicit ClipConditioner(Arguments&&... arguments) : FrozenCLIPEmbedderWithCustomWords(std::forward<Arguments>(arguments)...) {
        if (text_model2) {
            for (const auto& [word, path] : embedding_map) {
                learn(word, path);
            }
        }
    }

    /*
     * Reads the vectors of a word for both encoders of SDXL. Upstream, which reads a file when a prompt has its word, takes those
     * of the second encoder for further vectors of the first.
     */
    void learn(const std::string& word, const std::string& path) {
        const auto width_of = [](const CLIPTextModelRunner& encoder) { return static_cast<size_t>(encoder.model.hidden_size); };
        ModelLoader file;
        std::vector<float> first;
        std::vector<float> second;
        bool is_read = file.init_from_file(path);
        for (const auto& [name, storage] : file.get_tensor_storage_map()) {
            const bool of_first = storage.ne[0] == text_model->model.hidden_size;
            is_read             = is_read && file.load_float_tensor(name, of_first ? first : second);
        }
        const size_t count = first.size() / width_of(*text_model);
        if (!is_read || count == 0 || second.size() != count * width_of(*text_model2)) {
            throw Failure{D4J_LOAD_FAILED, "the textual inversion " + path + " has not the vectors of both text encoders"};
        }
        append(first, token_embed_custom);
        append(second, text_model2->own_vectors);
        const int begin = num_custom_embeddings;
        num_custom_embeddings += static_cast<int>(count);
        embedding_pos_map[word] = {begin, num_custom_embeddings};
    }

    static void append(const std::vector<float>& vectors, std::vector<uint8_t>& bytes) {
        const auto* data = reinterpret_cast<const uint8_t*>(vectors.data());
        bytes.insert(bytes.end(), data, data + vectors.size() * sizeof(float));
    }

    SDCondition get_learned_condition(int threads, const ConditionerParams& params) override {
        SDCondition condition = FrozenCLIPEmbedderWithCustomWords::get_learned_condition(threads, params);
        if (params.zero_out_masked && text_model2 && !condition.c_vector.empty()) {
            std::fill_n(condition.c_vector.values().begin(), text_model2->model.projection_dim, 0.0f);
        }
        return condition;
    }
};

/*
 * The text encoders of Stable Diffusion 3. T5 reads as many tokens as diffusers gives it, and without a T5 there are as many
 * zeros. Upstream cuts T5's tokens into pieces of CLIP's length, and takes for granted that CLIP has as many.
 */
struct Sd3Conditioner : SD3CLIPEmbedder {
    using SD3CLIPEmbedder::SD3CLIPEmbedder;

    static constexpr size_t CLIP_LENGTH   = 77;
    static constexpr size_t T5_LENGTH     = 256;
    static constexpr int64_t CLIP_L_WIDTH = 768;
    static constexpr int64_t CLIP_G_WIDTH = 1280;
    static constexpr int64_t WIDTH        = 4096;
    static constexpr int CLIP_SKIP        = 2;

    using Tokens = std::pair<std::vector<int>, std::vector<float>>;

    /* A piece of the tokens, which are padded to whole pieces, and what is made of each, one after the other. */
    template <typename Encode>
    static sd::Tensor<float> encode_pieces(const Tokens& tokens, size_t length, const Encode& encode) {
        sd::Tensor<float> all;
        for (size_t begin = 0; begin < tokens.first.size(); begin += length) {
            const std::vector<int> ids(tokens.first.begin() + begin, tokens.first.begin() + begin + length);
            const std::vector<float> weights(tokens.second.begin() + begin, tokens.second.begin() + begin + length);
            sd::Tensor<float> hidden = encode(sd::Tensor<int32_t>({static_cast<int64_t>(length)}, ids));
            GGML_ASSERT(!hidden.empty());
            hidden = apply_token_weights(std::move(hidden), weights);
            all    = all.empty() ? std::move(hidden) : sd::ops::concat(all, hidden, 1);
        }
        return all;
    }

    /* What a CLIP makes of all tokens, and of the first piece as a whole; zeros without one. */
    static std::pair<sd::Tensor<float>, sd::Tensor<float>> encode_clip(
        int threads, CLIPTextModelRunner* clip, const Tokens& tokens, int end, int skip, int64_t width, size_t count) {
        if (clip == nullptr) {
            return {sd::Tensor<float>::zeros({width, static_cast<int64_t>(count), 1}), sd::Tensor<float>::zeros({width, 1})};
        }
        const auto encode = [&](const sd::Tensor<int32_t>& ids, size_t position, bool is_pooled) {
            return clip->compute(threads, ids, 0, nullptr, position, is_pooled, skip, false, true, true);
        };
        const auto first       = tokens.first.begin();
        const size_t position  = std::min<size_t>(std::find(first, first + CLIP_LENGTH, end) - first, CLIP_LENGTH - 1);
        sd::Tensor<float> pool = encode({{CLIP_LENGTH}, std::vector<int>(first, first + CLIP_LENGTH)}, position, true);
        GGML_ASSERT(!pool.empty());
        return {encode_pieces(tokens, CLIP_LENGTH, [&](const auto& ids) { return encode(ids, 0, false); }), std::move(pool)};
    }

    SDCondition get_learned_condition(int threads, const ConditionerParams& params) override {
        const int skip    = params.clip_skip <= 0 ? CLIP_SKIP : params.clip_skip;
        const auto words  = tokenize(params.text, CLIP_LENGTH, CLIP_LENGTH);
        const size_t most = std::max({words[0].first.size(), words[1].first.size(), CLIP_LENGTH});

        auto [hidden_l, pooled_l] = encode_clip(threads, clip_l.get(), words[0], clip_l_tokenizer.EOS_TOKEN_ID, skip, CLIP_L_WIDTH, most);
        auto [hidden_g, pooled_g] = encode_clip(threads, clip_g.get(), words[1], clip_g_tokenizer.EOS_TOKEN_ID, skip, CLIP_G_WIDTH, most);
        sd::Tensor<float> both    = sd::ops::concat(hidden_l, hidden_g, 0);
        sd::Tensor<float> beside  = sd::Tensor<float>::zeros({WIDTH - both.shape()[0], both.shape()[1], 1});
        sd::Tensor<float> text    = sd::Tensor<float>::zeros({WIDTH, T5_LENGTH, 1});
        if (t5) {
            text = encode_pieces(tokenize(params.text, T5_LENGTH, T5_LENGTH)[2], T5_LENGTH, [&](const auto& ids) {
                return t5->compute(threads, ids, sd::Tensor<float>(), false, true, true);
            });
        }

        SDCondition condition;
        condition.c_crossattn = sd::ops::concat(sd::ops::concat(both, beside, 0), text, 1);
        condition.c_vector    = sd::ops::concat(pooled_l, pooled_g, 0);
        if (params.zero_out_masked) {
            condition.c_crossattn.fill_(0.0f);
        }
        return condition;
    }
};

/* FLUX.1's: T5 reads as many tokens as diffusers gives it, dev's, which is told a guidance, more than schnell's. */
struct FluxConditioner : FluxCLIPEmbedder {
    FluxConditioner(ggml_backend_t backend,
                    const String2TensorStorage& weights          = {},
                    std::shared_ptr<RunnerWeightManager> manager = nullptr)
        : FluxCLIPEmbedder(backend, weights, manager) {
        const bool is_guided = weights.find("model.diffusion_model.guidance_in.in_layer.weight") != weights.end();
        chunk_len            = is_guided ? 512 : 256;
    }
};

/*
 * Language models as text encoders. Qwen2.5-VL has fewer special tokens than the others. Where a prompt is shorter than what the
 * transformer is told, upstream has the padding at other places, or other padding, than the models were trained with:
 *
 * - FLUX.2 is told zeros before the words, and not behind them;
 * - Ovis-Image is told zeros, and not what the language model makes of its padding;
 * - LongCat-Image is told what it makes of the padding that stands between the words and the end of their template, and
 *   not the end of the template and then padding.
 */
struct LanguageModelConditioner : LLMEmbedder {
    template <typename... Arguments>
    explicit LanguageModelConditioner(Arguments&&... arguments) : LLMEmbedder(std::forward<Arguments>(arguments)...) {
        if (llm->config.arch == LLM::LLMArch::QWEN2_5_VL) {
            tokenizer = std::make_shared<QwenTokenizer>(D4J_TOKENIZER_QWEN2);
        }
    }

    SDCondition get_learned_condition(int threads, const ConditionerParams& params) override {
        const bool sees_pictures = llm->enable_vision && params.ref_images != nullptr && !params.ref_images->empty();
        if (sd_version_is_longcat(version) && !sees_pictures) {
            SDCondition condition;
            condition.c_crossattn = longcat_context(threads, params.text);
            return condition;
        }
        SDCondition condition = LLMEmbedder::get_learned_condition(threads, params);
        auto& values          = condition.c_crossattn.values();
        if (version == VERSION_FLUX2) {
            const auto words_end = values.begin() + words_of(values, condition.c_crossattn.shape()[0]);
            std::rotate(values.begin(), words_end, values.end());
        } else if (version == VERSION_OVIS_IMAGE) {
            const std::string visible = " " + params.text + "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n";
            const size_t count        = std::get<0>(tokenize(visible, {0, static_cast<int>(visible.size())})).size();
            const size_t words        = std::min(values.size(), count * static_cast<size_t>(condition.c_crossattn.shape()[0]));
            std::fill(values.begin() + static_cast<std::ptrdiff_t>(words), values.end(), 0.0f);
        }
        return condition;
    }

private:
    /* How many of the values are before the rows of zeros at the end. */
    static std::ptrdiff_t words_of(const std::vector<float>& values, int64_t width) {
        const auto last = std::find_if(values.rbegin(), values.rend(), [](float value) { return value != 0.0f; });
        const auto end  = std::distance(last, values.rend());
        return (end + width - 1) / width * width;
    }

    sd::Tensor<float> longcat_context(int threads, const std::string& text) {
        constexpr int LENGTH = 512;
        auto [ids, weights, mask] = tokenize(text, {0, static_cast<int>(text.size())}, LENGTH, LENGTH, true);
        const std::vector<int> before = tokenizer->encode(
            "<|im_start|>system\nAs an image captioning expert, generate a descriptive text prompt based on an image content,"
            " suitable for input to a text-to-image model.<|im_end|>\n<|im_start|>user\n");
        const std::vector<int> behind = tokenizer->encode("<|im_end|>\n<|im_start|>assistant\n");
        ids.insert(ids.begin(), before.begin(), before.end());
        ids.insert(ids.end(), behind.begin(), behind.end());
        weights.insert(weights.begin(), before.size(), 1.0f);
        weights.insert(weights.end(), behind.size(), 1.0f);
        mask.insert(mask.begin(), before.size(), 1.0f);
        mask.insert(mask.end(), behind.size(), 1.0f);
        const auto count = static_cast<int64_t>(ids.size());
        sd::Tensor<float> states = llm->compute(threads, sd::Tensor<int32_t>({count}, ids), causal(mask), {}, {}, false, false, true, true);
        if (states.empty()) {
            throw Failure{D4J_FAILED, "the language model failed"};
        }
        states           = apply_token_weights(std::move(states), weights);
        const auto first = static_cast<int64_t>(before.size());
        return sd::ops::slice(states, 1, first, first + LENGTH);
    }

    /* Each token sees those before it that are not padding. Numbers as upstream's. */
    static sd::Tensor<float> causal(const std::vector<float>& mask) {
        constexpr float HIDDEN = -std::numeric_limits<float>::max() / 4.0f;
        const auto count       = static_cast<int64_t>(mask.size());
        std::vector<float> seen;
        seen.reserve(mask.size() * mask.size());
        for (size_t row = 0; row < mask.size(); row++) {
            for (size_t column = 0; column < mask.size(); column++) {
                seen.push_back((mask[column] == 0.0f ? HIDDEN : 0.0f) + (column > row ? HIDDEN : 0.0f));
            }
        }
        return sd::Tensor<float>({count, count}, seen);
    }
};

}  // namespace d4j

#endif
