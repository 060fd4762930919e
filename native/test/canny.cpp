/* Compares edges that are committed, as what Java's are compared with, with those of the runtime; or writes them. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "stable-diffusion.h"

namespace {

std::vector<char> read(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return std::vector<char>(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

}  // namespace

/* RGB WIDTH HEIGHT EDGES [--write] */
int main(int count, char** arguments) {
    if (count < 5) {
        std::fprintf(stderr, "usage: canny RGB WIDTH HEIGHT EDGES [--write]\n");
        return 2;
    }
    std::vector<char> pixels = read(arguments[1]);
    const int width          = std::atoi(arguments[2]);
    const int height         = std::atoi(arguments[3]);
    if (pixels.size() != size_t(3) * width * height) {
        std::fprintf(stderr, "%s is not of that size\n", arguments[1]);
        return 1;
    }
    sd_image_t image = {static_cast<uint32_t>(width), static_cast<uint32_t>(height), 3, reinterpret_cast<uint8_t*>(pixels.data())};
    preprocess_canny(image, 0.08f, 0.08f, 0.8f, 1.0f, false);
    std::vector<char> edges;
    for (size_t i = 0; i < pixels.size(); i += 3) {
        edges.push_back(pixels[i]);
    }
    if (count > 5 && std::strcmp(arguments[5], "--write") == 0) {
        std::ofstream(arguments[4], std::ios::binary).write(edges.data(), static_cast<std::streamsize>(edges.size()));
        return 0;
    }
    if (edges != read(arguments[4])) {
        std::fprintf(stderr, "%s are not the runtime's edges\n", arguments[4]);
        return 1;
    }
    return 0;
}
