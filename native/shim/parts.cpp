/* The functions of d4j.h that run parts of a model by themselves. */
#include <algorithm>
#include <cstring>
#include <string>

#include "call.h"
#include "d4j.h"
#include "guard.h"
#include "open_model.h"
#include "runtime.h"
#include "tokenizers/vocab/vocab.h"
#include "validation.h"

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
        if (model->parts.text_encoder_count == 0) {
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

sd_tiling_params_t tiling_or_none(const sd_tiling_params_t* tiling) {
    return tiling != nullptr ? *tiling : sd_tiling_params_t{false, false, 0, 0, 0.5f, 0, 0, nullptr};
}

}  // namespace

int32_t d4j_clip_merges(const char** text, int64_t* length) {
    return d4j::guarded("the tokenizer's merges could not be given out", nullptr, [&](Call&) {
        require_pointer("text", text);
        require_pointer("length", length);
        static const std::string merges = load_clip_merges();
        *text                           = merges.data();
        *length                         = static_cast<int64_t>(merges.size());
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

int32_t d4j_text_encode(d4j_model_t* model,
                        int32_t encoder,
                        const int32_t* ids,
                        const float* embeddings,
                        int32_t skipped_layers,
                        int32_t final_norm,
                        const d4j_observer_t* observer,
                        float* hidden) {
    return run_part(model, "the text could not be encoded", observer, [&](sd_ctx_t* context, Call&) {
        require_pointer("hidden", hidden);
        d4j::validate_text(encoder, ids, embeddings, skipped_layers, model->parts);
        d4j::text_encode(context, {encoder, ids, embeddings}, skipped_layers, final_norm != 0, hidden);
    });
}

int32_t d4j_text_pool(d4j_model_t* model,
                      int32_t encoder,
                      const int32_t* ids,
                      const float* embeddings,
                      int32_t position,
                      const d4j_observer_t* observer,
                      float* pooled) {
    return run_part(model, "the text could not be encoded", observer, [&](sd_ctx_t* context, Call&) {
        require_pointer("pooled", pooled);
        d4j::validate_text(encoder, ids, embeddings, 0, model->parts);
        if (position < 0 || position >= model->parts.text_length) {
            throw Failure{D4J_INVALID, "there is no position " + std::to_string(position)};
        }
        d4j::text_pool(context, {encoder, ids, embeddings}, position, pooled);
    });
}

int32_t d4j_text_embed(d4j_model_t* model, int32_t encoder, const int32_t* ids, int32_t count, float* embeddings) {
    return run_part(model, "the token embeddings could not be looked up", nullptr, [&](sd_ctx_t* context, Call&) {
        require_pointer("embeddings", embeddings);
        d4j::validate_ids(encoder, ids, count, model->parts);
        d4j::text_embed(context, encoder, ids, count, embeddings);
    });
}

int32_t d4j_unet_predict(d4j_model_t* model,
                         const d4j_unet_run_t* run,
                         const float* latents,
                         const float* text,
                         const float* negative_text,
                         const float* vector,
                         const float* negative_vector,
                         const float* concat,
                         const d4j_observer_t* observer,
                         float* prediction) {
    return run_part(model, "the noise could not be predicted", observer, [&](sd_ctx_t* context, Call&) {
        require_pointer("run", run);
        require_pointer("prediction", prediction);
        const d4j::UNetInput input = {latents, text, negative_text, vector, negative_vector, concat};
        d4j::validate(*run, input, model->parts, model->info);
        d4j::unet_predict(context, *run, input, prediction);
    });
}

int32_t d4j_vae_encode(d4j_model_t* model,
                       const float* pictures,
                       int32_t batch,
                       int32_t height,
                       int32_t width,
                       const sd_tiling_params_t* tiling,
                       const d4j_observer_t* observer,
                       float* moments) {
    return run_part(model, "the picture could not be encoded", observer, [&](sd_ctx_t* context, Call&) {
        require_pointer("pictures", pictures);
        require_pointer("moments", moments);
        if (model->info.has_vae_encoder == 0) {
            throw Failure{D4J_INVALID, "this model cannot read pictures: its VAE has no encoder"};
        }
        const int32_t factor          = model->info.vae_scale_factor;
        const sd_tiling_params_t tile = tiling_or_none(tiling);
        d4j::validate_extent(batch, height, width, factor);
        d4j::validate(tile);
        const int64_t pixels  = int64_t{height} * width;
        const int64_t latents = pixels / factor / factor;
        for (int32_t i = 0; i < batch; i++) {
            d4j::vae_encode(context, pictures + i * pixels * 3, height, width, tile, moments + i * latents * model->parts.vae_moments);
        }
    });
}

int32_t d4j_vae_decode(d4j_model_t* model,
                       const float* latents,
                       int32_t batch,
                       int32_t height,
                       int32_t width,
                       const sd_tiling_params_t* tiling,
                       const d4j_observer_t* observer,
                       float* pictures) {
    return run_part(model, "the picture could not be decoded", observer, [&](sd_ctx_t* context, Call&) {
        require_pointer("latents", latents);
        require_pointer("pictures", pictures);
        const int64_t factor          = model->info.vae_scale_factor;
        const sd_tiling_params_t tile = tiling_or_none(tiling);
        d4j::validate_extent(batch, height, width, 1);
        d4j::validate(tile);
        const int64_t cells  = int64_t{height} * width;
        const int64_t pixels = cells * factor * factor;
        for (int32_t i = 0; i < batch; i++) {
            d4j::vae_decode(context, latents + i * cells * model->info.latent_channels, height, width, tile, pictures + i * pixels * 3);
        }
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
