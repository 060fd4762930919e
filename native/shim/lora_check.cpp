#include "lora_check.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "guard.h"
#include "lora.h"
#include "name_conversion.h"

namespace d4j {

namespace {

constexpr size_t MAX_NAMES_TOLD = 3;

/* A weight that the model has in one may be several in the file, such as q, k, v and the MLP's first layer in FLUX. */
constexpr int MAX_PIECES = 4;

/* The tensors of a LoRA file, by the names that the runtime compares with those of the model's weights. */
struct Lora {
    std::map<std::string, TensorStorage> tensors;
    /* What the file calls them. */
    std::map<std::string, std::string> originals;
    /* Those whose place another tensor of the same file takes. */
    std::vector<std::string> displaced;
};

/* What a file has for a weight or a piece of one: "lora_up" and so on. */
using Parts = std::map<std::string, const TensorStorage*>;

/* A change of a weight, as a matrix that is added to it. */
struct Change {
    int64_t rows;
    int64_t columns;
};

struct Method {
    /* One of these sets must be complete; the first that is counts. */
    std::vector<std::vector<std::string>> sets;
    std::vector<std::string> optional;
    std::function<Change(const Parts&)> change;
};

/* Of the matrix that leads from the low rank to a layer's outputs, stored as such or as a convolution of 1x1. */
int64_t rank_of(const TensorStorage& up) {
    return up.ne[2] * up.ne[3] > 1 ? up.ne[2] : up.ne[0];
}

Change change_of_lora(const Parts& parts) {
    const TensorStorage& up = *parts.at("lora_up");
    const int64_t rank      = rank_of(up);
    const auto mid          = parts.find("lora_mid");
    const int64_t kernel    = mid == parts.end() ? 1 : mid->second->ne[0] * mid->second->ne[1];
    return {up.nelements() / rank, parts.at("lora_down")->nelements() * kernel / rank};
}

Change change_of_diff(const Parts& parts) {
    const TensorStorage& diff = *parts.at("diff");
    return {diff.nelements() / diff.ne[0], diff.ne[0]};
}

Change change_of_loha(const Parts& parts) {
    const TensorStorage& up = *parts.at("hada_w1_a");
    const auto mid          = parts.find("hada_t1");
    if (mid != parts.end()) {
        return {up.ne[0], parts.at("hada_w1_b")->ne[0] * mid->second->ne[0] * mid->second->ne[1]};
    }
    return {up.ne[1], parts.at("hada_w1_b")->ne[0]};
}

Change change_of_lokr(const Parts& parts) {
    Change change = {1, 1};
    for (const std::string factor : {"lokr_w1", "lokr_w2"}) {
        const auto whole = parts.find(factor);
        const bool is_whole = whole != parts.end();
        const int64_t rows  = is_whole ? whole->second->nelements() / whole->second->ne[0] : parts.at(factor + "_a")->ne[1];
        change.rows *= rows;
        change.columns *= is_whole ? whole->second->ne[0] : parts.at(factor + "_b")->nelements() / parts.at(factor + "_b")->ne[1];
    }
    return change;
}

/* The first that a file has for a weight is used. */
const std::vector<Method>& methods() {
    static const std::vector<Method> all = {
        {{{"lora_up", "lora_down"}}, {"lora_mid", "scale", "alpha"}, change_of_lora},
        {{{"diff"}}, {}, change_of_diff},
        {{{"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"}}, {"hada_t1", "hada_t2", "alpha"}, change_of_loha},
        {{{"lokr_w1", "lokr_w2"},
          {"lokr_w1_a", "lokr_w1_b", "lokr_w2"},
          {"lokr_w1", "lokr_w2_a", "lokr_w2_b"},
          {"lokr_w1_a", "lokr_w1_b", "lokr_w2_a", "lokr_w2_b"}},
         {"alpha"},
         change_of_lokr},
    };
    return all;
}

bool ends_with_any(const std::string& name, std::initializer_list<const char*> endings) {
    return std::any_of(endings.begin(), endings.end(), [&](const char* ending) { return ends_with(name, ending); });
}

/* Layers apply LoRAs as they compute; tables that are looked up and single parameters of a model do not. */
bool is_changed_at_runtime(const std::string& weight) {
    const bool of_a_part = is_cond_stage_model_name(weight) || is_diffusion_model_name(weight) || is_first_stage_model_name(weight);
    return of_a_part && ends_with_any(weight, {".weight", ".bias"}) &&
           !ends_with_any(weight, {"_embedding.weight", "shared.weight", "embed_tokens.weight"});
}

/* All of the weight, or as many of its rows as there are in a piece; those before the last are of one size. */
bool fits(const Change& change, int piece, const TensorStorage& weight) {
    const int64_t elements = change.rows * change.columns;
    if (elements == weight.nelements()) {
        return piece == 0;
    }
    const int64_t columns = weight.n_dims > 1 ? weight.ne[0] : 1;
    const bool is_matrix  = weight.ne[2] * weight.ne[3] * weight.ne[4] == 1;
    const bool same_width = weight.n_dims > 1 ? change.columns == columns : elements % columns == 0;
    const int64_t rows    = elements / columns;
    return is_matrix && same_width && rows > 0 && (piece < MAX_PIECES - 1 ? piece + 1 : 1) * rows <= weight.nelements() / columns;
}

/* Adds the names of what the runtime uses for a piece of a weight, whose shape may be unknown (null). */
void use(const Lora& lora, const std::string& weight, int piece, const TensorStorage* shape, std::set<std::string>& used) {
    const std::string key = "lora." + weight + (piece == 0 ? "" : "." + std::to_string(piece)) + ".";
    const auto has        = [&](const std::string& part) { return lora.tensors.count(key + part) > 0; };
    for (const Method& method : methods()) {
        for (const std::vector<std::string>& set : method.sets) {
            if (!std::all_of(set.begin(), set.end(), has)) {
                continue;
            }
            Parts parts;
            for (const std::vector<std::string>& names : {set, method.optional}) {
                for (const std::string& part : names) {
                    if (has(part)) {
                        parts[part] = &lora.tensors.at(key + part);
                    }
                }
            }
            if (shape == nullptr || fits(method.change(parts), piece, *shape)) {
                for (const auto& part : parts) {
                    used.insert(key + part.first);
                }
            }
            return;
        }
    }
}

std::set<std::string> used_tensors(const Lora& lora, const LoraTarget& target) {
    const String2TensorStorage& shapes = target.weights.loader().get_tensor_storage_map();
    std::set<std::string> used;
    for (const std::string& weight : target.weights.tensor_names()) {
        if (target.at_runtime && !is_changed_at_runtime(weight)) {
            continue;
        }
        const auto shape = shapes.find(weight);
        for (int piece = 0; piece < MAX_PIECES; piece++) {
            use(lora, weight, piece, shape == shapes.end() ? nullptr : &shape->second, used);
        }
    }
    return used;
}

Lora read(const char* path, const LoraTarget& target) {
    const std::string prefix = "lora.";
    LoraModel model(path, target.backend, target.backend, path, "", target.version);
    ModelLoader file;
    if (model.load_failed || !file.init_from_file(path, prefix)) {
        throw Failure{D4J_LOAD_FAILED, std::string("the LoRA ") + path + " cannot be read"};
    }
    Lora lora;
    std::map<std::string, std::string> converted;
    for (const auto& [name, storage] : file.get_tensor_storage_map()) {
        const auto [place, is_new] = converted.insert({convert_tensor_name(name, target.version), name});
        if (!is_new) {
            lora.displaced.push_back(place->second.substr(prefix.size()));
            place->second = name;
        }
    }
    // Has the runtime give the names their last form, on tensors that need not hold anything.
    const String2TensorStorage& all = model.model_manager->loader().get_tensor_storage_map();
    std::vector<ggml_tensor> stand_ins(all.size());
    std::vector<std::string> names;
    for (const auto& entry : all) {
        model.lora_tensors[entry.first] = &stand_ins[names.size()];
        names.push_back(entry.first);
    }
    model.preprocess_lora_tensors(target.weights.tensor_names());
    for (const auto& [name, tensor] : model.lora_tensors) {
        if (starts_with(name, "lora.pmid.")) {
            continue;  // the rest of a PhotoMaker file
        }
        const std::string& before = names[static_cast<size_t>(tensor - stand_ins.data())];
        const auto original       = converted.find(before);
        lora.tensors[name]        = all.at(before);
        lora.originals[name]      = original == converted.end() ? before : original->second.substr(prefix.size());
    }
    model.lora_tensors.clear();
    return lora;
}

std::string told(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    std::string text;
    for (size_t i = 0; i < std::min(names.size(), MAX_NAMES_TOLD); i++) {
        text += (i == 0 ? "" : ", ") + names[i];
    }
    return names.size() > MAX_NAMES_TOLD ? text + " and " + std::to_string(names.size() - MAX_NAMES_TOLD) + " more" : text;
}

bool is_magnitude_of_dora(const std::string& name) {
    return ends_with_any(name, {"dora_scale", "lora_magnitude_vector", "lora_magnitude_vector.weight"});
}

}  // namespace

void require_applicable(const char* path, const LoraTarget& target, Call& call) {
    const Lora lora                   = read(path, target);
    const std::set<std::string> used  = used_tensors(lora, target);
    std::vector<std::string> left_out = lora.displaced;
    for (const auto& [name, original] : lora.originals) {
        if (used.count(name) == 0) {
            left_out.push_back(original);
        }
    }
    const std::string all = std::to_string(lora.originals.size() + lora.displaced.size());
    if (used.empty()) {
        throw Failure{D4J_LOAD_FAILED, std::string("the LoRA ") + path + " cannot be applied: none of its " + all +
                                           " tensors fits a weight of this model (" + told(left_out) + ")"};
    }
    if (!left_out.empty()) {
        const bool is_dora = std::any_of(left_out.begin(), left_out.end(), is_magnitude_of_dora);
        call.warn(std::string("the LoRA ") + path + " is applied in part: " + std::to_string(left_out.size()) + " of its " + all +
                  " tensors fit no weight of this model and are left out (" + told(left_out) + ")" +
                  (is_dora ? "; DoRA's magnitude is not supported" : ""));
    }
}

}  // namespace d4j
