/*
 * Compiles the runtime's model_loader.cpp without its habit of printing line breaks to the standard output, with a
 * shorter pause between two looks at whether the loading threads are done (upstream's 0.2 s are paid three times per
 * picture of a small model), and with a way of its own to read tensors that are a part of a zip entry: upstream reads
 * the whole entry into the buffer that it has already promised to the tensor, moving it, and ignores failures. The weights
 * that turned_weights.h names are transposed, those of pieced_weights.h put together, parts of models with a U-Net get the
 * prefix of loose_parts.h, the first of several files (shards.h) brings the others, and threads pass an exception on to the
 * one that waits for them, where upstream's would end the process.
 */
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <memory>
#include <mutex>
#include <regex>
#include <thread>
#include <utility>
#include <vector>

#include "guard.h"
#include "loose_parts.h"
#include "model_io/gguf_io.h"
#include "model_io/safetensors_io.h"
#include "model_loader.h"
#include "name_conversion.h"
#include "pieced_weights.h"
#include "shards.h"
#include "turned_weights.h"
#include "zip.h"

namespace {

/* Bytes of an entry, from offset on, that are wanted and, in part, there. */
struct EntryPart {
    uint64_t offset;
    char* to;
    size_t size;
    size_t done;
};

/* Takes what it needs of the next bytes of the entry. Fewer than were offered end the reading: no more are needed. */
size_t take_bytes(void* argument, uint64_t offset, const void* bytes, size_t size) {
    auto* part    = static_cast<EntryPart*>(argument);
    uint64_t next = part->offset + part->done;
    if (offset + size > next) {
        size_t skipped = static_cast<size_t>(next - offset);
        size_t taken   = std::min(part->size - part->done, size - skipped);
        std::memcpy(part->to + part->done, static_cast<const char*>(bytes) + skipped, taken);
        part->done += taken;
    }
    return part->done < part->size ? size : 0;
}

/*
 * Whether the bytes are all there, whatever zip_entry_extract says: it complains, too, when it was ended early, and of
 * checksums, which torch.save can be told to leave out and torch.load does not look at.
 */
bool read_entry_part(zip_t* zip, uint64_t offset, void* to, size_t size) {
    EntryPart part = {offset, static_cast<char*>(to), size, 0};
    zip_entry_extract(zip, take_bytes, &part);
    return part.done == size;
}

/* What left a loading thread, for the thread that started it. */
class Outcome {
public:
    void failed() {
        const std::lock_guard<std::mutex> lock(mutex_);
        exception_ = std::current_exception();
    }
    void rethrow() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (exception_ != nullptr) {
            std::rethrow_exception(exception_);
        }
    }

private:
    std::mutex mutex_;
    std::exception_ptr exception_;
};

/* Of the loading threads that this thread has started and not joined. */
thread_local std::vector<Outcome*> outcomes;

/* A std::thread as far as upstream uses it. Joins at the latest when it is destroyed, by an exception perhaps. */
class LoadingThread {
public:
    template <typename Body>
    explicit LoadingThread(Body body) : outcome_(std::make_unique<Outcome>()) {
        outcomes.push_back(outcome_.get());
        thread_ = std::thread([outcome = outcome_.get(), body = std::move(body)]() mutable {
            const d4j::CaughtThread scope;
            try {
                body();
            } catch (...) {
                outcome->failed();
            }
        });
    }
    LoadingThread(LoadingThread&&) noexcept = default;
    ~LoadingThread() {
        if (thread_.joinable()) {
            thread_.join();
        }
        outcomes.erase(std::remove(outcomes.begin(), outcomes.end(), outcome_.get()), outcomes.end());
    }

    void join() {
        thread_.join();
        outcome_->rethrow();
    }

private:
    std::unique_ptr<Outcome> outcome_;
    std::thread thread_;
};

/* For the loop that looks whether the threads are done. One that failed never is. */
std::chrono::milliseconds short_pause(std::chrono::milliseconds wanted) {
    for (Outcome* outcome : outcomes) {
        outcome->rethrow();
    }
    return std::min(wanted, std::chrono::milliseconds(10));
}

/* Changes the prefix of a function that is about to use it. What it was given is a string of its caller's own. */
bool placed(const std::vector<TensorStorage>& part, const String2TensorStorage& loaded, const std::string& prefix) {
    const std::string right = d4j::prefix_of_part(part, loaded, prefix);
    if (right != prefix) {
        const_cast<std::string&>(prefix) = right;
    }
    return true;
}

}  // namespace

// The runtime's own loading threads: it has no others.
namespace std {
using d4j_loading_thread = LoadingThread;
}

#define thread d4j_loading_thread
#define printf(...) ((void)0)
#define sleep_for(duration) sleep_for(short_pause(duration))
// Both are used only where a tensor is read. Every entry passes for one that holds just that tensor.
#define zip_entry_size(zip) (n)
#define zip_entry_noallocread(zip, to, size)                                           \
    do {                                                                               \
        if (!read_entry_part(zip, tensor_storage.offset, to, size)) {                  \
            LOG_ERROR("read tensor data failed: '%s'", file_path.c_str());             \
            failed = true;                                                             \
        }                                                                              \
    } while (false)
// Called where a tensor loses the name that the file gave it, and where it has been read.
#define convert_tensor_name(name, version) (d4j::note_layout(tensor_storage), convert_tensor_name(name, version))
#define read_data(to, size)                                     \
    if (d4j::is_pieced(tensor_storage)) {                       \
        d4j::read_pieces(tensor_storage, file_paths_, to);      \
    } else {                                                    \
        read_data(to, size);                                    \
    }                                                           \
    d4j::turn_if_noted(tensor_storage, to)
// Each called where the tensors of a file are about to get the prefix.
#define read_gguf_file(path, tensors, error)                                                          \
    (read_gguf_file(path, tensors, error) && placed(tensors, tensor_storage_map, prefix)              \
     && d4j::load_further_shards(path, [&](const std::string& shard) { return init_from_gguf_file(shard, prefix); }))
#define read_safetensors_file(path, tensors, error)                                                   \
    (read_safetensors_file(path, tensors, error) && placed(tensors, tensor_storage_map, prefix)       \
     && d4j::load_further_shards(path, [&](const std::string& shard) { return init_from_safetensors_file(shard, prefix); }))
#include "src/model_loader.cpp"
