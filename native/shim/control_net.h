/*
 * ControlNets, and a U-Net that listens to them. The runtime's own ControlNet has the sizes of Stable Diffusion 1.5 built in, is one for a
 * model, is obeyed in all steps, and goes on without a word where it could not be computed. These take their sizes from their
 * weights, and the blocks from the U-Net.
 */
#ifndef D4J_CONTROL_NET_H
#define D4J_CONTROL_NET_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/diffusion/unet.hpp"

namespace d4j {

/* What a ControlNet adds to the U-Net: one tensor for each skip connection, in their order, and the middle block's. */
using Residuals = std::vector<sd::Tensor<float>>;

/* The shape of one of them: channels, and how many cells of the latents are one of its own, in each direction. */
struct ResidualShape {
    int32_t channels;
    int32_t downscale;
};

/* Empty if the U-Net has not the blocks that a ControlNet repeats. */
std::vector<ResidualShape> residual_shapes(const UNetConfig& unet);

class ControlNetBlocks;

struct ControlNet : GGMLRunner {
    struct Place {
        ggml_backend_t backend;
        ggml_backend_t params_backend;
        ModelManager::ResidencyMode residency;
        int threads;
        bool maps_files;
    };

    /* Throws Failure (D4J_LOAD_FAILED) for a file that is no ControlNet, or none of this U-Net. The weights are read when needed. */
    ControlNet(const std::string& path, const UNetConfig& unet, const Place& place);
    ~ControlNet() override;

    std::string get_desc() override { return "ControlNet"; }
    int64_t weight_bytes();

    /* What the control picture (0..1) adds behind the first convolution, in all steps alike. Empty if it failed, as what follows. */
    sd::Tensor<float> embed(int threads, const sd::Tensor<float>& picture);
    Residuals residuals(int threads, const sd::Tensor<float>& hint, const DiffusionParams& params);

private:
    std::shared_ptr<ModelManager> manager_;
    std::unique_ptr<ControlNetBlocks> blocks_;
};

/* A control picture for one generation. */
struct Control {
    std::shared_ptr<ControlNet> net;
    sd::Tensor<float> picture; /* 0..1 */
    float strength;
    double start; /* of the steps, as end */
    double end;
    sd::Tensor<float> hint; /* of the size of latents that it was last asked for */
};

struct ControlledUNet : UNetModelRunner {
    using UNetModelRunner::UNetModelRunner;
    using UNetModelRunner::compute;

    std::vector<std::shared_ptr<ControlNet>> control_nets;
    std::vector<Control> controls;

    sd::Tensor<float> compute(int threads, const DiffusionParams& params) override;

private:
    bool add_residuals(int threads, Control& control, const DiffusionParams& params, Residuals& sums);
};

}  // namespace d4j

#endif
