/*
 * PhotoMaker. Upstream's takes its version from the name of the file, and where it cannot do what is asked it warns and draws
 * without the identity. Here the version is what the file holds, and each of its warnings fails the call. A prompt without the
 * trigger word, at which upstream asserts, is refused; so is one that its one run of the text encoders has no room for. The prompt
 * of the steps before the identity keeps its weights, where upstream's goes through token ids and back. In version 2, upstream's
 * keys and values are rows of each other.
 */
#include "conditioning.h"

#include <algorithm>
#include <cctype>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "guard.h"
#include "model/adapter/lora.hpp"
#include "model/common/block.hpp"
#include "model_loader.h"

// The attention of version 2 looks at halves of rows, whose strides are those of the whole rows.
#define ggml_view_4d(ctx, whole, ne0, ne1, ne2, ne3, nb1, nb2, nb3, offset) \
    ggml_view_4d(ctx, whole, ne0, ne1, ne2, ne3, (whole)->nb[1], (whole)->nb[2], (whole)->nb[3], offset)
#include "model/adapter/pmid.hpp"
#undef ggml_view_4d

#include "core/util.h"
#include "extensions/generation_extension.h"

namespace {

/* What a part of a failed computation tells, which upstream goes on without. */
[[noreturn]] void refuse(d4j_status status, const char* format, ...) {
    const d4j::Call* call = d4j::Call::current();
    if (call != nullptr && call->was_aborted()) {
        throw d4j::Failure{D4J_CANCELLED, ""};
    }
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    throw d4j::Failure{status, text};
}

/* In place of a path that upstream looks for "v2" in. */
const char* version_of(const GenerationExtensionInitContext& ctx) {
    const char* path = ctx.params->photo_maker_path;
    ModelLoader file;
    if (!file.init_from_file(path)) {
        refuse(D4J_LOAD_FAILED, "the PhotoMaker model %s cannot be read", path);
    }
    const auto& tensors = file.get_tensor_storage_map();
    const bool is_second = std::any_of(tensors.begin(), tensors.end(), [](const auto& entry) {
        return entry.first.find("qformer_perceiver.") != std::string::npos;
    });
    return is_second ? "v2" : "";
}

}  // namespace

#undef LOG_WARN
#undef LOG_ERROR
#define LOG_WARN(...) refuse(D4J_INVALID, __VA_ARGS__)
#define LOG_ERROR(...) refuse(D4J_FAILED, __VA_ARGS__)
#define strstr(path, mark) strstr(version_of(ctx), mark)
#define create_photomaker_extension create_upstream_photomaker_extension
#include "src/extensions/photomaker_extension.cpp"
#undef create_photomaker_extension
#undef strstr

namespace {

constexpr size_t MAX_TOKENS    = 75;  // of one run of the text encoders, between start and end
constexpr uint32_t PICTURE     = 224;
constexpr int64_t ID_EMBEDDING = 512;

using TokensAndWeights = std::pair<std::vector<int>, std::vector<float>>;

class Extension : public PhotoMakerExtension {
public:
    bool init(const GenerationExtensionInitContext& ctx) override {
        const char* path = ctx.params->photo_maker_path;
        if (path == nullptr || path[0] == '\0') {
            return true;
        }
        if (!sd_version_is_sdxl(ctx.version)) {
            refuse(D4J_LOAD_FAILED, "PhotoMaker is for SDXL alone");
        }
        return PhotoMakerExtension::init(ctx);
    }

    bool prepare_condition(GenerationExtensionConditionContext& ctx) override {
        auto* clip = dynamic_cast<FrozenCLIPEmbedderWithCustomWords*>(ctx.conditioner);
        if (ctx.pm_params.id_images_count <= 0 || clip == nullptr) {
            return PhotoMakerExtension::prepare_condition(ctx);  // says so
        }
        require_pictures(ctx.pm_params);
        const std::string plain = without_trigger(*clip, ctx.condition_params.text, ctx.pm_params.id_images_count);
        PhotoMakerExtension::prepare_condition(ctx);
        ctx.condition_params.text = plain;
        return true;
    }

    /* Samplers count the second look at a step below 0. */
    const SDCondition& before_condition(int step, const SDCondition& condition) const override {
        return PhotoMakerExtension::before_condition(std::abs(step), condition);
    }

private:
    /* Upstream's own scaling of other sizes may come out a pixel short of what it cuts out of it. */
    void require_pictures(const sd_pm_params_t& params) const {
        for (int i = 0; i < params.id_images_count; i++) {
            if (params.id_images[i].width != PICTURE || params.id_images[i].height != PICTURE) {
                refuse(D4J_INVALID, "an identity picture is not of %u x %u pixels", PICTURE, PICTURE);
            }
        }
        if (pmid_model->get_version() == PM_VERSION_2 && params.id_embed_path != nullptr) {
            sd::Tensor<float> embeddings;
            try {
                embeddings = sd::load_tensor_from_file_as_tensor<float>(params.id_embed_path);
            } catch (const std::exception& failure) {
                refuse(D4J_INVALID, "the identity embeddings cannot be read: %s", failure.what());
            }
            if (embeddings.dim() != 2 || embeddings.shape()[0] != ID_EMBEDDING) {
                refuse(D4J_INVALID, "the identity embeddings are not rows of %d", static_cast<int>(ID_EMBEDDING));
            }
        }
    }

    /* The prompt of the steps before the identity, if there is room for it behind the trigger's class word. */
    std::string without_trigger(FrozenCLIPEmbedderWithCustomWords& clip, const std::string& prompt, int pictures) const {
        const std::vector<int> ids = clip.convert_token_to_id(trigger_word);
        if (ids.size() != 1) {
            refuse(D4J_INVALID, "the trigger word '%s' is a learned word, too", trigger_word.c_str());
        }
        TokensAndWeights rest = clip.tokenize(prompt);
        const auto found      = std::find(rest.first.begin(), rest.first.end(), ids[0]);
        const auto place      = found - rest.first.begin();
        if (std::count(rest.first.begin(), rest.first.end(), ids[0]) != 1 || place < 2) {  // behind the start and a word
            refuse(D4J_INVALID, "the trigger word '%s' is not once in the prompt, behind a word for what is drawn", trigger_word.c_str());
        }
        rest.first.erase(found);
        rest.second.erase(rest.second.begin() + place);
        const size_t repeated = (pmid_model->get_version() == PM_VERSION_2 ? 2 : 1) * static_cast<size_t>(pictures) - 1;
        if (rest.first.size() - 2 + repeated > MAX_TOKENS) {
            refuse(D4J_INVALID, "the prompt is too long for PhotoMaker, which has room for %zu tokens", MAX_TOKENS);
        }
        std::string small = prompt;
        std::transform(small.begin(), small.end(), small.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
        for (size_t at = small.find(trigger_word); at != std::string::npos; at = small.find(trigger_word, at + 1)) {
            std::string candidate = prompt;
            candidate.replace(at, trigger_word.size(), " ");
            if (clip.tokenize(candidate) == rest) {
                return candidate;
            }
        }
        refuse(D4J_INVALID, "the trigger word '%s' cannot be taken out of the prompt", trigger_word.c_str());
    }
};

}  // namespace

std::shared_ptr<GenerationExtension> create_photomaker_extension() {
    return std::make_shared<Extension>();
}
