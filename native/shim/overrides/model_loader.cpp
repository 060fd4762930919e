/*
 * Compiles the runtime's model_loader.cpp without its habit of printing line breaks to the standard output, with a
 * shorter pause between two looks at whether the loading threads are done (upstream's 0.2 s are paid three times per
 * picture of a small model), with a way of its own to read tensors that are a part of a zip entry: upstream reads
 * the whole entry into the buffer that it has already promised to the tensor, moving it, and ignores failures; and with
 * the weights transposed that turned_weights.h names.
 */
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <regex>
#include <thread>

#include "model_io/safetensors_io.h"
#include "model_loader.h"
#include "name_conversion.h"
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

}  // namespace

#define printf(...) ((void)0)
#define sleep_for(duration) sleep_for(std::min<std::chrono::milliseconds>(duration, std::chrono::milliseconds(10)))
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
#define read_data(to, size) (read_data(to, size), d4j::turn_if_noted(tensor_storage, to))
#include "src/model_loader.cpp"
