/* The functions of d4j.h that run parts of a model by themselves. */
#include <algorithm>
#include <cstring>
#include <string>

#include "arguments.h"
#include "call.h"
#include "d4j.h"
#include "guard.h"
#include "open_model.h"
#include "runtime.h"
#include "tokenizers/vocab/vocab.h"
#include "validation.h"

using d4j::Arguments;
using d4j::Call;
using d4j::Failure;
using d4j::guarded_on;
using d4j::require_pointer;

namespace {

/* Runs a part, and brings the model back to order if it did not end well. */
d4j_status run_part(d4j_model_t* model,
                    const char* what_failed,
                    const d4j_observer_t* observer,
                    const std::function<void(sd_ctx_t*, Call&)>& body) {
    return guarded_on(model, what_failed, observer, [&](Call& call) {
        if (model->parts.denoiser == D4J_DENOISER_NONE) {
            throw Failure{D4J_INVALID, std::string("models of the family ") + model->info.family + " have no parts that run by themselves"};
        }
        if (call.poll_cancel()) {
            throw Failure{D4J_CANCELLED, ""};
        }
        sd_ctx_t* context = model->context.get();
        try {
            if (model->has_loras_of_generation) {
                d4j::set_loras(context, nullptr, 0, call);
                model->has_loras_of_generation = false;
            }
            body(context, call);
        } catch (const Failure& failure) {
            if (failure.status == D4J_UNAVAILABLE) {
                throw;
            }
            d4j::settle(context);
            if (call.was_aborted()) {
                throw Failure{D4J_CANCELLED, ""};
            }
            throw;
        } catch (...) {
            if (d4j::follows_from_cancel(call)) {
                d4j::settle(context);
            }
            throw;
        }
    });
}

// ---- the calls of d4j_run ----

/* What a call works on; everything it was given has to be asked for before it computes. */
struct Run {
    sd_ctx_t* context;
    d4j::Prompt& prompt;
    const d4j_model_info_t& info;
    const d4j_parts_t& parts;
    Arguments& arguments;
};

constexpr int64_t ANY        = Arguments::ANY;
constexpr int MOST_CLIP_SKIP = 11; /* of the twelve layers of CLIP-L */

int32_t side(const d4j::Tensor& tensor, int dimension) {
    return static_cast<int32_t>(tensor.shape[dimension]);
}

/* An encoder of the model, and the ids or embeddings that it shall read. */
d4j::TextInput text_input(const Run& run, int32_t skipped_layers) {
    const int32_t encoder = run.arguments.integer("encoder");
    const bool exists     = encoder >= 0 && encoder < run.parts.text_encoder_count;
    const int64_t width   = exists ? run.parts.text_encoders[encoder].hidden_size : ANY;
    const int64_t length  = run.parts.text_length;
    const d4j::Tensor* ids         = run.arguments.optional_ids("ids", {length});
    const d4j::Tensor* embeddings  = run.arguments.optional_floats("embeddings", {1, length, width});
    const d4j::TextInput input      = {
        encoder, ids == nullptr ? nullptr : static_cast<const int32_t*>(ids->data), d4j::data(embeddings)};
    d4j::validate_text(encoder, input.ids, input.embeddings, skipped_layers, run.parts);
    return input;
}

void text_encode(const Run& run) {
    const int32_t skipped_layers = run.arguments.integer("skipped_layers");
    const bool final_norm        = run.arguments.integer("final_norm") != 0;
    const d4j::TextInput input   = text_input(run, skipped_layers);
    const int64_t width          = run.parts.text_encoders[input.encoder].hidden_size;
    const d4j::Tensor& hidden   = run.arguments.floats("hidden", {1, run.parts.text_length, width});
    run.arguments.require_all_used();
    d4j::text_encode(run.context, input, skipped_layers, final_norm, d4j::writable(hidden));
}

void text_pool(const Run& run) {
    const int32_t position     = run.arguments.integer("position");
    const d4j::TextInput input = text_input(run, 0);
    const d4j::Tensor& pooled = run.arguments.floats("pooled", {1, run.parts.text_encoders[input.encoder].pooled_size});
    if (position < 0 || position >= run.parts.text_length) {
        throw Failure{D4J_INVALID, "there is no position " + std::to_string(position)};
    }
    run.arguments.require_all_used();
    d4j::text_pool(run.context, input, position, d4j::writable(pooled));
}

void text_embed(const Run& run) {
    const int32_t encoder   = run.arguments.integer("encoder");
    const d4j::Tensor& ids = run.arguments.ids("ids", {ANY});
    const auto* values      = static_cast<const int32_t*>(ids.data);
    d4j::validate_ids(encoder, values, side(ids, 0), run.parts);
    const d4j::Tensor& embeddings =
        run.arguments.floats("embeddings", {1, ids.shape[0], run.parts.text_encoders[encoder].hidden_size});
    run.arguments.require_all_used();
    d4j::text_embed(run.context, encoder, values, side(ids, 0), d4j::writable(embeddings));
}

void prompt_encode(const Run& run) {
    const d4j::Tensor* bytes = run.arguments.optional_ids("prompt", {ANY});
    const d4j::Tensor& sizes = run.arguments.floats("sizes", {2});
    const int32_t clip_skip  = run.arguments.integer("clip_skip");
    run.arguments.require_all_used();
    if (run.parts.denoiser != D4J_DENOISER_TRANSFORMER) {
        throw Failure{D4J_INVALID, "this model's text encoders run one by one"};
    }
    if (clip_skip < 0 || clip_skip > MOST_CLIP_SKIP) {
        throw Failure{D4J_INVALID, "a clip skip of " + std::to_string(clip_skip) + " is not between 0 and " + std::to_string(MOST_CLIP_SKIP)};
    }
    std::string prompt;
    if (bytes != nullptr) {
        const auto* values = static_cast<const int32_t*>(bytes->data);
        prompt.assign(values, values + bytes->shape[0]);
    }
    d4j::check_prompt(prompt.c_str());
    run.prompt              = d4j::prompt_encode(run.context, prompt, clip_skip);
    d4j::writable(sizes)[0] = static_cast<float>(run.prompt.tokens);
    d4j::writable(sizes)[1] = static_cast<float>(run.prompt.vector.size());
}

void prompt_take(const Run& run) {
    const d4j::Prompt prompt = std::move(run.prompt);
    run.prompt               = {};
    if (prompt.tokens == 0) {
        throw Failure{D4J_INVALID, "no prompt was encoded right before"};
    }
    const d4j::Tensor& context = run.arguments.floats("context", {1, prompt.tokens, run.parts.denoiser_context_size});
    std::copy(prompt.context.begin(), prompt.context.end(), d4j::writable(context));
    if (!prompt.vector.empty()) {
        const d4j::Tensor& vector = run.arguments.floats("vector", {1, static_cast<int64_t>(prompt.vector.size())});
        std::copy(prompt.vector.begin(), prompt.vector.end(), d4j::writable(vector));
    }
    run.arguments.require_all_used();
}

void predict(const Run& run, d4j_denoiser kind) {
    if (run.parts.denoiser != kind) {
        throw Failure{D4J_INVALID, kind == D4J_DENOISER_UNET ? "this model has no U-Net" : "this model has no transformer"};
    }
    Arguments& arguments         = run.arguments;
    const int64_t channels       = run.info.latent_channels;
    const d4j::Tensor& latents  = arguments.floats("latents", {ANY, channels, ANY, ANY});
    const int64_t height         = latents.shape[2];
    const int64_t width          = latents.shape[3];
    const d4j::Tensor& context  = arguments.floats("context", {ANY, ANY, run.parts.denoiser_context_size});
    const d4j::Tensor* negative = arguments.optional_floats("negative_context", {context.shape[0], ANY, run.parts.denoiser_context_size});
    const int64_t residual_count = d4j::residual_values(run.parts, side(latents, 2), side(latents, 3));
    const d4j::Tensor* residuals = arguments.optional_floats("residuals", {latents.shape[0] * (negative == nullptr ? 1 : 2), residual_count});
    const d4j::DenoiserInput input   = {
        d4j::data(latents),
        d4j::data(context),
        d4j::data(negative),
        d4j::data(arguments.optional_floats("vector", {1, run.parts.denoiser_vector_size})),
        d4j::data(arguments.optional_floats("negative_vector", {1, run.parts.denoiser_vector_size})),
        d4j::data(arguments.optional_floats("concat", {run.parts.denoiser_in_channels - channels, height, width})),
        d4j::data(arguments.optional_floats("guidance", {1})),
        d4j::data(residuals)};
    const d4j::DenoiserRun sizes = {
        side(latents, 0),
        side(latents, 2),
        side(latents, 3),
        static_cast<float>(arguments.number("timestep")),
        side(context, 0),
        side(context, 1),
        negative == nullptr ? 0 : side(*negative, 1),
        negative == nullptr ? 1.0f : static_cast<float>(arguments.number("guidance_scale"))};
    const d4j::Tensor& prediction =
        arguments.floats("prediction", {latents.shape[0], run.parts.denoiser_out_channels, height, width});
    d4j::validate(sizes, input, run.parts, run.info);
    arguments.require_all_used();
    d4j::predict(run.context, sizes, input, d4j::writable(prediction));
}

void unet_predict(const Run& run) {
    predict(run, D4J_DENOISER_UNET);
}

void transformer_predict(const Run& run) {
    predict(run, D4J_DENOISER_TRANSFORMER);
}

int32_t control_net(const Run& run) {
    const int32_t control_net = run.arguments.integer("control_net");
    if (control_net < 0 || control_net >= d4j::control_net_count(run.context)) {
        throw Failure{D4J_INVALID, "there is no ControlNet " + std::to_string(control_net)};
    }
    return control_net;
}

void control_embed(const Run& run) {
    const int32_t net          = control_net(run);
    const d4j::Tensor& picture = run.arguments.floats("picture", {1, 3, ANY, ANY});
    const int32_t height       = side(picture, 2);
    const int32_t width        = side(picture, 3);
    const int32_t factor       = run.info.vae_scale_factor;
    d4j::validate_extent(1, height, width, run.info.size_multiple);
    const d4j::Tensor& hint = run.arguments.floats("hint", {1, run.parts.residual_channels[0], height / factor, width / factor});
    run.arguments.require_all_used();
    d4j::control_embed(run.context, net, d4j::data(picture), height, width, d4j::writable(hint));
}

void control_predict(const Run& run) {
    Arguments& arguments       = run.arguments;
    const int32_t net          = control_net(run);
    const d4j::Tensor& latents = arguments.floats("latents", {ANY, run.info.latent_channels, ANY, ANY});
    const int32_t height       = side(latents, 2);
    const int32_t width        = side(latents, 3);
    const d4j::Tensor& hint    = arguments.floats("hint", {1, run.parts.residual_channels[0], height, width});
    const d4j::Tensor& context = arguments.floats("context", {ANY, ANY, run.parts.denoiser_context_size});
    const d4j::DenoiserInput input = {d4j::data(latents), d4j::data(context), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
    const d4j::DenoiserRun sizes = {
        side(latents, 0), height, width, static_cast<float>(arguments.number("timestep")), side(context, 0), side(context, 1), 0, 1.0f};
    const d4j::Tensor& residuals =
        arguments.floats("residuals", {latents.shape[0], d4j::residual_values(run.parts, height, width)});
    d4j::validate_control(sizes, run.parts);
    arguments.require_all_used();
    d4j::control_predict(run.context, net, sizes, d4j::data(hint), input, d4j::writable(residuals));
}

sd_tiling_params_t tiling(const Run& run) {
    sd_tiling_params_t tiling = {false, false, 0, 0, 0.5f, 0, 0, nullptr};
    if (run.arguments.has_number("tile_width")) {
        tiling.enabled        = true;
        tiling.tile_size_x    = run.arguments.integer("tile_width");
        tiling.tile_size_y    = run.arguments.integer("tile_height");
        tiling.target_overlap = static_cast<float>(run.arguments.number("tile_overlap"));
    }
    d4j::validate(tiling);
    return tiling;
}

void vae_encode(const Run& run) {
    if (run.info.has_vae_encoder == 0) {
        throw Failure{D4J_INVALID, "this model cannot read pictures: its VAE has no encoder"};
    }
    const d4j::Tensor& pictures = run.arguments.floats("pictures", {ANY, 3, ANY, ANY});
    const int32_t height         = side(pictures, 2);
    const int32_t width          = side(pictures, 3);
    const int32_t factor         = run.info.vae_scale_factor;
    d4j::validate_extent(side(pictures, 0), height, width, factor);
    const d4j::Tensor& moments =
        run.arguments.floats("moments", {pictures.shape[0], run.parts.vae_moments, height / factor, width / factor});
    const sd_tiling_params_t tile = tiling(run);
    run.arguments.require_all_used();
    const int64_t pixels  = int64_t{height} * width;
    const int64_t latents = pixels / factor / factor;
    for (int64_t i = 0; i < pictures.shape[0]; i++) {
        d4j::vae_encode(run.context,
                        d4j::data(pictures) + i * pixels * 3,
                        height,
                        width,
                        tile,
                        d4j::writable(moments) + i * latents * run.parts.vae_moments);
    }
}

void vae_decode(const Run& run) {
    const d4j::Tensor& latents = run.arguments.floats("latents", {ANY, run.info.latent_channels, ANY, ANY});
    const int32_t height        = side(latents, 2);
    const int32_t width         = side(latents, 3);
    const int64_t factor        = run.info.vae_scale_factor;
    d4j::validate_extent(side(latents, 0), height, width, 1);
    const d4j::Tensor& pictures  = run.arguments.floats("pictures", {latents.shape[0], 3, factor * height, factor * width});
    const sd_tiling_params_t tile = tiling(run);
    run.arguments.require_all_used();
    const int64_t cells  = int64_t{height} * width;
    const int64_t pixels = cells * factor * factor;
    for (int64_t i = 0; i < latents.shape[0]; i++) {
        d4j::vae_decode(run.context,
                        d4j::data(latents) + i * cells * run.info.latent_channels,
                        height,
                        width,
                        tile,
                        d4j::writable(pictures) + i * pixels * 3);
    }
}

struct ComponentCall {
    const char* name;
    const char* what_failed;
    void (*run)(const Run&);
};

const ComponentCall COMPONENT_CALLS[] = {
    {"text.encode", "the text could not be encoded", text_encode},
    {"text.pool", "the text could not be encoded", text_pool},
    {"text.embed", "the token embeddings could not be looked up", text_embed},
    {"prompt.encode", "the prompt could not be encoded", prompt_encode},
    {"prompt.take", "the prompt could not be encoded", prompt_take},
    {"unet.predict", "the noise could not be predicted", unet_predict},
    {"control.embed", "the control picture could not be read", control_embed},
    {"control.predict", "the control could not be computed", control_predict},
    {"transformer.predict", "the flow could not be predicted", transformer_predict},
    {"vae.encode", "the picture could not be encoded", vae_encode},
    {"vae.decode", "the picture could not be decoded", vae_decode},
};

const ComponentCall* find_call(const char* name) {
    for (const ComponentCall& call : COMPONENT_CALLS) {
        if (name != nullptr && std::strcmp(call.name, name) == 0) {
            return &call;
        }
    }
    return nullptr;
}

const std::string& vocabulary_of(const std::string& tokenizer) {
    if (tokenizer == "clip") {
        static const std::string merges = load_clip_merges();
        return merges;
    }
    if (tokenizer == "qwen") {
        static const std::string merges = load_qwen2_merges();
        return merges;
    }
    if (tokenizer == "t5") {
        static const std::string json = load_t5_tokenizer_json();
        return json;
    }
    throw Failure{D4J_INVALID, "there is no tokenizer " + tokenizer};
}

}  // namespace

int32_t d4j_vocabulary(const char* tokenizer, const char** text, int64_t* length) {
    return d4j::guarded("the tokenizer's vocabulary could not be given out", nullptr, [&](Call&) {
        require_pointer("tokenizer", tokenizer);
        require_pointer("text", text);
        require_pointer("length", length);
        const std::string& vocabulary = vocabulary_of(tokenizer);
        *text                         = vocabulary.data();
        *length                       = static_cast<int64_t>(vocabulary.size());
    });
}

int32_t d4j_parts(d4j_model_t* model, d4j_parts_t* parts) {
    return guarded_on(model, "the model's parts could not be described", nullptr, [&](Call&) {
        require_pointer("parts", parts);
        *parts = model->parts;
    });
}

int32_t d4j_set_loras(d4j_model_t* model, const d4j_lora_t* loras, int32_t count, const d4j_observer_t* observer) {
    return run_part(model, "the LoRAs could not be applied", observer, [&](sd_ctx_t* context, Call& call) {
        d4j::validate_loras(loras, count);
        d4j::set_loras(context, loras, count, call);
    });
}

int32_t d4j_run(d4j_model_t* model,
                const char* call,
                const d4j_tensor_t* tensors,
                int32_t tensor_count,
                void* data0,
                void* data1,
                void* data2,
                void* data3,
                void* data4,
                void* data5,
                void* data6,
                void* data7,
                const d4j_number_t* numbers,
                int32_t number_count,
                const d4j_observer_t* observer) {
    const Arguments::Data data = {data0, data1, data2, data3, data4, data5, data6, data7};
    const ComponentCall* known = find_call(call);
    return run_part(model, known == nullptr ? "the component could not be run" : known->what_failed, observer, [&](sd_ctx_t* context, Call&) {
        if (known == nullptr) {
            throw Failure{D4J_INVALID, std::string("there is no call ") + (call == nullptr ? "without a name" : call)};
        }
        Arguments arguments(tensors, tensor_count, data, numbers, number_count);
        known->run({context, model->prompt, model->info, model->parts, arguments});
    });
}

int32_t d4j_sigmas(d4j_model_t* model, int32_t schedule, int32_t steps, int32_t width, int32_t height, float* sigmas, int32_t* count) {
    return run_part(model, "the noise levels could not be computed", nullptr, [&](sd_ctx_t* context, Call&) {
        require_pointer("sigmas", sigmas);
        require_pointer("count", count);
        d4j::validate_schedule(schedule, steps, model->info);
        d4j::validate_extent(1, height, width, model->info.size_multiple);
        const std::vector<float> all = d4j::sigmas(context, schedule, steps, width, height);
        if (*count < static_cast<int64_t>(all.size())) {
            throw Failure{D4J_INVALID, "there is no room for " + std::to_string(all.size()) + " noise levels"};
        }
        std::copy(all.begin(), all.end(), sigmas);
        *count = static_cast<int32_t>(all.size());
    });
}

int32_t d4j_weight(d4j_model_t* model, const char* name, int64_t* shape, int32_t* rank, float* data, int64_t* count) {
    return guarded_on(model, "the weight could not be read", nullptr, [&](Call&) {
        require_pointer("name", name);
        require_pointer("shape", shape);
        require_pointer("rank", rank);
        require_pointer("count", count);
        const bool with_data      = *count > 0;
        const d4j::Weight weight = d4j::weight(model->context.get(), name, with_data);
        if (weight.shape.size() > 4) {
            throw Failure{D4J_INVALID, std::string(name) + " has more than four dimensions"};
        }
        int64_t elements = 1;
        for (const int64_t dimension : weight.shape) {
            elements *= dimension;
        }
        if (with_data) {
            require_pointer("data", data);
            if (*count < elements) {
                throw Failure{D4J_INVALID, std::string("there is no room for ") + std::to_string(elements) + " values"};
            }
            std::copy(weight.data.begin(), weight.data.end(), data);
        }
        std::copy(weight.shape.begin(), weight.shape.end(), shape);
        *rank  = static_cast<int32_t>(weight.shape.size());
        *count = elements;
    });
}
