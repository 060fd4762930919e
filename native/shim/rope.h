/*
 * The runtime's places of tokens, with those of Qwen-Image as diffusers has them. Every unit that knows the runtime's models
 * includes this first, so that all have the same.
 */
#ifndef D4J_ROPE_H
#define D4J_ROPE_H

#include <algorithm>
#include <vector>

#define gen_qwen_image_pe upstream_gen_qwen_image_pe
#include "model/common/rope.hpp"
#undef gen_qwen_image_pe

namespace Rope {

/*
 * Every picture, the one that is drawn and those that it looks at, has an index of its own, and rows and columns that are 0 in
 * its middle. The words follow one by one where the largest ends. Upstream begins them further away, more than 1 apart, and has
 * the middles of odd pictures one further, and the references' in a corner.
 */
static inline std::vector<float> gen_qwen_image_pe(int height,
                                                   int width,
                                                   int patch_size,
                                                   int batch,
                                                   int words,
                                                   const std::vector<ggml_tensor*>& references,
                                                   bool /*increase_ref_index*/,
                                                   int theta,
                                                   bool circular_rows,
                                                   bool circular_columns,
                                                   const std::vector<int>& axes) {
    struct Picture {
        int rows;
        int columns;
    };
    GGML_ASSERT(batch == 1);
    const auto tokens_of = [&](int64_t height, int64_t width) {
        const int64_t half = patch_size / 2;
        return Picture{static_cast<int>((height + half) / patch_size), static_cast<int>((width + half) / patch_size)};
    };
    std::vector<Picture> pictures{tokens_of(height, width)};
    for (const ggml_tensor* reference : references) {
        pictures.push_back(tokens_of(reference->ne[1], reference->ne[0]));
    }

    std::vector<std::vector<float>> places;
    std::vector<std::vector<int>> periods(axes.size());
    const auto add = [&](int index, int row, int column, int row_period, int column_period) {
        places.push_back({static_cast<float>(index), static_cast<float>(row), static_cast<float>(column)});
        periods[0].push_back(0);
        periods[1].push_back(row_period);
        periods[2].push_back(column_period);
    };
    int first = 0;
    for (const Picture& picture : pictures) {
        first = std::max({first, picture.rows / 2, picture.columns / 2});
    }
    for (int word = first; word < first + words; word++) {
        add(word, word, word, 0, 0);
    }
    for (size_t i = 0; i < pictures.size(); i++) {
        const auto [rows, columns] = pictures[i];
        for (int row = rows / 2 - rows; row < rows / 2; row++) {
            for (int column = columns / 2 - columns; column < columns / 2; column++) {
                add(static_cast<int>(i), row, column, circular_rows ? rows : 0, circular_columns ? columns : 0);
            }
        }
    }
    return embed_nd(places, batch, static_cast<float>(theta), axes, periods);
}

}  // namespace Rope

#endif
