#include "pictures.h"

#include <cstdlib>
#include <mutex>
#include <unordered_map>

namespace {

struct HandedOut {
    std::mutex mutex;
    std::unordered_map<const void*, int64_t> sizes;
    int64_t bytes = 0;

    void add(const void* memory, int64_t size) {
        std::lock_guard<std::mutex> lock(mutex);
        sizes[memory] = size;
        bytes += size;
    }

    /* Whether it was there: not a stranger's, and not freed already. */
    bool remove(const void* memory) {
        std::lock_guard<std::mutex> lock(mutex);
        const auto found = sizes.find(memory);
        if (found == sizes.end()) {
            return false;
        }
        bytes -= found->second;
        sizes.erase(found);
        return true;
    }
};

HandedOut& handed_out() {
    static HandedOut* const instance = new HandedOut();
    return *instance;
}

}  // namespace

void d4j::hand_out(const sd_image_t* images, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        const sd_image_t& image = images[i];
        if (image.data != nullptr) {
            handed_out().add(image.data, static_cast<int64_t>(image.width) * image.height * image.channel);
        }
    }
}

void d4j::hand_out(const sd_audio_t* audio) {
    if (audio != nullptr) {
        handed_out().add(audio, static_cast<int64_t>(audio->sample_count * audio->channels * sizeof(float)));
    }
}

void d4j_pixels_free(uint8_t* pixels) {
    if (pixels != nullptr && handed_out().remove(pixels)) {
        std::free(pixels);
    }
}

void d4j_audio_free(sd_audio_t* audio) {
    if (audio != nullptr && handed_out().remove(audio)) {
        free_sd_audio(audio);
    }
}

void d4j_image_array_free(sd_image_t* images) {
    std::free(images);
}

int64_t d4j_live_pixel_bytes() {
    HandedOut& live = handed_out();
    std::lock_guard<std::mutex> lock(live.mutex);
    return live.bytes;
}
