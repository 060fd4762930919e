#include "control_net.h"

#include <algorithm>
#include <map>
#include <utility>

#include "call.h"
#include "guard.h"
#include "name_conversion.h"

namespace d4j {

namespace {

const std::string DENOISER = "model.diffusion_model.";
const std::string LDM      = "control_model.";

constexpr int HINT_CHANNELS[] = {3, 16, 16, 32, 32, 96, 96, 256};
/* Latents are an eighth of a picture. */
constexpr int64_t PICTURE_SCALE = 8;

bool has_attention(const UNetConfig& unet, int downscale) {
    const auto& all = unet.attention_resolutions;
    return std::find(all.begin(), all.end(), downscale) != all.end();
}

std::string numbered(const std::string& before, int number, const std::string& after) {
    return before + std::to_string(number) + after;
}

/* diffusers' name of a part that a U-Net has not, in the original layout; "" for others. */
std::string name_of_own_part(const std::string& name) {
    const auto rest = [&](const std::string& beginning) { return name.substr(beginning.size()); };
    if (starts_with(name, "controlnet_cond_embedding.conv_in.")) {
        return "input_hint_block.0." + rest("controlnet_cond_embedding.conv_in.");
    }
    if (starts_with(name, "controlnet_cond_embedding.conv_out.")) {
        return "input_hint_block.14." + rest("controlnet_cond_embedding.conv_out.");
    }
    if (starts_with(name, "controlnet_mid_block.")) {
        return "middle_block_out.0." + rest("controlnet_mid_block.");
    }
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"controlnet_cond_embedding.blocks.", "input_hint_block."},
                                   std::pair<std::string, std::string>{"controlnet_down_blocks.", "zero_convs."}}) {
        if (!starts_with(name, from)) {
            continue;
        }
        const std::string numbered_rest = rest(from);
        const size_t dot                = numbered_rest.find('.');
        const int number                = std::atoi(numbered_rest.substr(0, dot).c_str());
        const std::string kind          = numbered_rest.substr(std::min(dot, numbered_rest.size()));
        return to == "zero_convs." ? numbered(to, number, ".0" + kind) : numbered(to, 2 * (number + 1), kind);
    }
    return "";
}

/* The weights by their names in the original layout, without its prefix. */
String2TensorStorage with_original_names(const String2TensorStorage& all, SDVersion version) {
    const bool is_prefixed = std::any_of(all.begin(), all.end(), [](const auto& entry) { return starts_with(entry.first, LDM); });
    const bool is_of_diffusers = all.find("controlnet_cond_embedding.conv_in.weight") != all.end();
    String2TensorStorage renamed;
    for (const auto& [name, weight] : all) {
        std::string original = name;
        if (is_prefixed) {
            if (!starts_with(name, LDM)) {
                continue;  // the rest of a checkpoint that has both
            }
            original = name.substr(LDM.size());
        } else if (is_of_diffusers) {
            original = name_of_own_part(name);
            if (original.empty()) {
                original = convert_tensor_name(DENOISER + name, version);
                original = starts_with(original, DENOISER) ? original.substr(DENOISER.size()) : original;
            }
        }
        TensorStorage storage = weight;
        storage.name          = original;
        renamed[original]     = std::move(storage);
    }
    return renamed;
}

void require_same(const std::string& path, const char* what, int of_net, int of_unet) {
    if (of_net != of_unet) {
        throw Failure{D4J_LOAD_FAILED, "the ControlNet " + path + " has " + what + " " + std::to_string(of_net) + ", and the model's U-Net "
                                           + std::to_string(of_unet)};
    }
}

}  // namespace

std::vector<ResidualShape> residual_shapes(const UNetConfig& unet) {
    if (unet.tiny_unet || !(sd_version_is_sd1(unet.version) || sd_version_is_sd2(unet.version))) {
        return {};
    }
    std::vector<ResidualShape> shapes = {{unet.model_channels, 1}};
    int downscale                     = 1;
    for (size_t level = 0; level < unet.channel_mult.size(); level++) {
        const int channels = unet.model_channels * unet.channel_mult[level];
        shapes.insert(shapes.end(), unet.num_res_blocks, {channels, downscale});
        if (level + 1 < unet.channel_mult.size()) {
            downscale *= 2;
            shapes.push_back({channels, downscale});
        }
    }
    shapes.push_back(shapes.back());
    return shapes;
}

/* The first half of a U-Net, with an encoder of pictures before it and a convolution behind each of its blocks. */
class ControlNetBlocks : public GGMLBlock {
public:
    explicit ControlNetBlocks(const UNetConfig& config) : config_(config) {
        const int base = config.model_channels;
        add<Linear>("time_embed.0", base, config.time_embed_dim);
        add<Linear>("time_embed.2", config.time_embed_dim, config.time_embed_dim);
        add<Conv2d>("input_blocks.0.0", config.in_channels, base, std::pair{3, 3}, std::pair{1, 1}, std::pair{1, 1});
        add_hint_encoder(base);
        add_zero_convolution(0, base);

        int channels = base;
        int block    = 0;
        int scale    = 1;
        for (size_t level = 0; level < config.channel_mult.size(); level++) {
            const int outputs = base * config.channel_mult[level];
            for (int i = 0; i < config.num_res_blocks; i++) {
                block++;
                add<ResBlock>(numbered("input_blocks.", block, ".0"), channels, config.time_embed_dim, outputs);
                channels = outputs;
                if (has_attention(config, scale)) {
                    add_transformer(numbered("input_blocks.", block, ".1"), channels, config.transformer_depth[level]);
                }
                add_zero_convolution(block, channels);
            }
            if (level + 1 < config.channel_mult.size()) {
                block++;
                add<DownSampleBlock>(numbered("input_blocks.", block, ".0"), channels, channels);
                add_zero_convolution(block, channels);
                scale *= 2;
            }
        }
        add<ResBlock>("middle_block.0", channels, config.time_embed_dim, channels);
        add_transformer("middle_block.1", channels, config.transformer_depth.back());
        add<ResBlock>("middle_block.2", channels, config.time_embed_dim, channels);
        add<Conv2d>("middle_block_out.0", channels, channels, std::pair{1, 1});
    }

    ggml_tensor* embed(GGMLRunnerContext& context, ggml_tensor* picture) {
        ggml_tensor* hint = picture;
        for (size_t i = 0; i < std::size(HINT_CHANNELS); i++) {
            hint = block<Conv2d>(numbered("input_hint_block.", static_cast<int>(2 * i), "")).forward(&context, hint);
            if (i + 1 < std::size(HINT_CHANNELS)) {
                hint = ggml_silu_inplace(context.ggml_ctx, hint);
            }
        }
        return hint;
    }

    std::vector<ggml_tensor*> forward(
        GGMLRunnerContext& context, ggml_tensor* latents, ggml_tensor* hint, ggml_tensor* timesteps, ggml_tensor* text) {
        ggml_tensor* time = ggml_ext_timestep_embedding(context.ggml_ctx, timesteps, config_.model_channels);
        time              = block<Linear>("time_embed.0").forward(&context, time);
        time              = ggml_silu_inplace(context.ggml_ctx, time);
        time              = block<Linear>("time_embed.2").forward(&context, time);

        std::vector<ggml_tensor*> residuals;
        ggml_tensor* h = block<Conv2d>("input_blocks.0.0").forward(&context, latents);
        h              = ggml_add(context.ggml_ctx, h, hint);
        const auto tap = [&](const std::string& convolution) { residuals.push_back(block<Conv2d>(convolution).forward(&context, h)); };
        tap("zero_convs.0.0");
        int number = 0;
        int scale  = 1;
        for (size_t level = 0; level < config_.channel_mult.size(); level++) {
            for (int i = 0; i < config_.num_res_blocks; i++) {
                number++;
                h = block<ResBlock>(numbered("input_blocks.", number, ".0")).forward(&context, h, time);
                if (has_attention(config_, scale)) {
                    h = block<SpatialTransformer>(numbered("input_blocks.", number, ".1")).forward(&context, h, text);
                }
                tap(numbered("zero_convs.", number, ".0"));
            }
            if (level + 1 < config_.channel_mult.size()) {
                number++;
                h = block<DownSampleBlock>(numbered("input_blocks.", number, ".0")).forward(&context, h);
                tap(numbered("zero_convs.", number, ".0"));
                scale *= 2;
            }
        }
        h = block<ResBlock>("middle_block.0").forward(&context, h, time);
        h = block<SpatialTransformer>("middle_block.1").forward(&context, h, text);
        h = block<ResBlock>("middle_block.2").forward(&context, h, time);
        tap("middle_block_out.0");
        return residuals;
    }

private:
    template <typename Block, typename... Arguments>
    void add(const std::string& name, Arguments... arguments) {
        blocks[name] = std::make_shared<Block>(arguments...);
    }

    template <typename Block>
    Block& block(const std::string& name) {
        return dynamic_cast<Block&>(*blocks.at(name));
    }

    void add_zero_convolution(int block, int channels) {
        add<Conv2d>(numbered("zero_convs.", block, ".0"), channels, channels, std::pair{1, 1});
    }

    void add_transformer(const std::string& name, int channels, int depth) {
        const int head_channels = config_.num_head_channels == -1 ? channels / config_.num_heads : config_.num_head_channels;
        add<SpatialTransformer>(
            name, channels, channels / head_channels, head_channels, depth, config_.context_dim, config_.use_linear_projection);
    }

    void add_hint_encoder(int base) {
        for (size_t i = 0; i < std::size(HINT_CHANNELS); i++) {
            const bool is_last  = i + 1 == std::size(HINT_CHANNELS);
            const int outputs   = is_last ? base : HINT_CHANNELS[i + 1];
            const int stride    = !is_last && i % 2 == 0 && i > 0 ? 2 : 1;
            add<Conv2d>(numbered("input_hint_block.", static_cast<int>(2 * i), ""), HINT_CHANNELS[i], outputs, std::pair{3, 3},
                        std::pair{stride, stride}, std::pair{1, 1});
        }
    }

    UNetConfig config_;
};

ControlNet::ControlNet(const std::string& path, const UNetConfig& unet, const Place& place)
    : GGMLRunner(place.backend), manager_(std::make_shared<ModelManager>()) {
    weight_manager = manager_;
    manager_->set_n_threads(place.threads);
    manager_->set_enable_mmap(place.maps_files);
    ModelLoader& loader = manager_->loader();
    if (!loader.init_from_file(path)) {
        throw Failure{D4J_LOAD_FAILED, "the ControlNet " + path + " could not be read"};
    }
    String2TensorStorage& weights = loader.get_tensor_storage_map();
    weights                       = with_original_names(weights, unet.version);
    if (weights.find("input_hint_block.0.weight") == weights.end() || weights.find("input_blocks.0.0.weight") == weights.end()) {
        throw Failure{D4J_LOAD_FAILED, path + " is no ControlNet"};
    }
    UNetConfig config = UNetConfig::detect_from_weights(weights, "", unet.version);
    require_same(path, "base channels", config.model_channels, unet.model_channels);
    require_same(path, "a context width of", config.context_dim, unet.context_dim);
    config.num_heads         = unet.num_heads;
    config.num_head_channels = unet.num_head_channels;

    loader.process_model_files(place.maps_files, true);
    blocks_ = std::make_unique<ControlNetBlocks>(config);
    blocks_->init(params_ctx, weights, "");
    std::map<std::string, ggml_tensor*> tensors;
    blocks_->get_param_tensors(tensors);
    if (!manager_->register_param_tensors("ControlNet", std::move(tensors), place.residency, place.backend, place.params_backend)
        || !manager_->validate_registered_tensors()) {
        throw Failure{D4J_LOAD_FAILED, path + " has not the weights of a ControlNet for this model"};
    }
}

ControlNet::~ControlNet() = default;

int64_t ControlNet::weight_bytes() {
    return static_cast<int64_t>(blocks_->get_params_mem_size());
}

sd::Tensor<float> ControlNet::embed(int threads, const sd::Tensor<float>& picture) {
    free_compute_buffer();  // of the other graph
    const auto build = [&]() -> ggml_cgraph* {
        ggml_cgraph* graph        = new_graph_custom(UNET_GRAPH_SIZE);
        GGMLRunnerContext context = get_context();
        ggml_build_forward_expand(graph, blocks_->embed(context, make_input(picture)));
        return graph;
    };
    return restore_trailing_singleton_dims(GGMLRunner::compute<float>(build, threads, false, true, false), 4);
}

Residuals ControlNet::residuals(int threads, const sd::Tensor<float>& hint, const DiffusionParams& params) {
    std::vector<ggml_tensor*> outputs;
    const auto build = [&]() -> ggml_cgraph* {
        ggml_cgraph* graph        = new_graph_custom(UNET_GRAPH_SIZE);
        GGMLRunnerContext context = get_context();
        outputs = blocks_->forward(context, make_input(*params.x), make_input(hint), make_input(*params.timesteps), make_input(*params.context));
        for (ggml_tensor* output : outputs) {
            ggml_set_output(output);
            ggml_build_forward_expand(graph, output);
        }
        return graph;
    };
    if (!GGMLRunner::compute<float>(build, threads, false, false, false, true).has_value()) {
        return {};
    }
    Residuals residuals;
    for (ggml_tensor* output : outputs) {
        residuals.push_back(restore_trailing_singleton_dims(sd::make_sd_tensor_from_ggml<float>(output), 4));
    }
    return residuals;
}

namespace {

/* diffusers' rule, with the number of steps that are done. */
bool is_obeyed(const Control& control) {
    const Call* call  = Call::current();
    const double step = call == nullptr ? 0 : call->sampling_step();
    const double of   = call == nullptr ? 1 : std::max(call->sampling_steps(), 1);
    return control.strength != 0 && step / of >= control.start && (step + 1) / of <= control.end;
}

}  // namespace

bool ControlledUNet::add_residuals(int threads, Control& control, const DiffusionParams& params, Residuals& sums) {
    const int64_t width  = params.x->shape()[0];
    const int64_t height = params.x->shape()[1];
    if (control.hint.empty() || control.hint.shape()[0] != width || control.hint.shape()[1] != height) {
        const std::vector<int64_t> size = {width * PICTURE_SCALE, height * PICTURE_SCALE, 3, 1};
        // The second pass of the hires fix works on larger latents.
        control.hint = control.net->embed(threads, control.picture.shape() == size
                                                       ? control.picture
                                                       : sd::ops::interpolate(control.picture, size, sd::ops::InterpolateMode::Bilinear));
    }
    const Residuals found = control.hint.empty() ? Residuals() : control.net->residuals(threads, control.hint, params);
    if (found.empty()) {
        LOG_ERROR("a ControlNet could not be computed");
        return false;
    }
    for (size_t i = 0; i < found.size(); i++) {
        if (sums.size() == i) {
            sums.push_back(sd::zeros<float>(found[i].shape()));
        }
        for (int64_t k = 0; k < found[i].numel(); k++) {
            sums[i][k] += control.strength * found[i][k];
        }
    }
    return true;
}

sd::Tensor<float> ControlledUNet::compute(int threads, const DiffusionParams& params) {
    Residuals sums;
    for (Control& control : controls) {
        if (is_obeyed(control) && !add_residuals(threads, control, params, sums)) {
            return {};
        }
    }
    if (sums.empty()) {
        return UNetModelRunner::compute(threads, params);
    }
    UNetDiffusionExtra extra   = *diffusion_extra_as<UNetDiffusionExtra>(params);
    extra.controls             = &sums;
    extra.control_strength     = 1;
    DiffusionParams controlled = params;
    controlled.extra           = extra;
    // The graphs with and without residuals differ, and with them the memory that they are given.
    return UNetModelRunner::compute(threads, controlled);
}

}  // namespace d4j
