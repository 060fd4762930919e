#include "pictures.h"

#include <cstdlib>
#include <mutex>
#include <unordered_map>

namespace {

struct HandedOut {
    std::mutex mutex;
    std::unordered_map<const uint8_t*, int64_t> sizes;
    int64_t bytes = 0;
};

HandedOut& handed_out() {
    static HandedOut* const instance = new HandedOut();
    return *instance;
}

}  // namespace

void d4j::hand_out(const sd_image_t* images, int32_t count) {
    HandedOut& live = handed_out();
    std::lock_guard<std::mutex> lock(live.mutex);
    for (int32_t i = 0; i < count; i++) {
        const sd_image_t& image = images[i];
        if (image.data != nullptr) {
            const int64_t bytes    = static_cast<int64_t>(image.width) * image.height * image.channel;
            live.sizes[image.data] = bytes;
            live.bytes += bytes;
        }
    }
}

void d4j_pixels_free(uint8_t* pixels) {
    if (pixels == nullptr) {
        return;
    }
    HandedOut& live = handed_out();
    {
        std::lock_guard<std::mutex> lock(live.mutex);
        const auto found = live.sizes.find(pixels);
        if (found == live.sizes.end()) {
            return;  // not ours, or freed already
        }
        live.bytes -= found->second;
        live.sizes.erase(found);
    }
    std::free(pixels);
}

void d4j_image_array_free(sd_image_t* images) {
    std::free(images);
}

int64_t d4j_live_pixel_bytes() {
    HandedOut& live = handed_out();
    std::lock_guard<std::mutex> lock(live.mutex);
    return live.bytes;
}
