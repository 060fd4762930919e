/*
 * Opens several files at the same time, as the first thing that a process does with the runtime. Their tensors are named as
 * diffusers names them: the runtime converts the names with tables that it fills at the first use. Without protection one
 * process in ten crashed here, which is seen, and a sanitizer sees the race itself.
 *
 *     opening <folder to write to>
 */
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "d4j.h"

namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int PROCESSES = 2;
#else
constexpr int PROCESSES = 50;
#endif
constexpr int THREADS = 16;

/* A safetensors file of one value for each name. It is no model: the runtime converts the names before it sees that. */
void write_file(const std::string& path, const std::vector<std::string>& names) {
    std::string header = "{";
    for (size_t i = 0; i < names.size(); i++) {
        header += (i > 0 ? ",\"" : "\"") + names[i] + R"(":{"dtype":"F32","shape":[1],"data_offsets":[)" + std::to_string(4 * i) + "," +
                  std::to_string(4 * i + 4) + "]}";
    }
    header += "}";
    const uint64_t length = header.size();
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), sizeof(length));
    file << header << std::string(4 * names.size(), '\0');
}

int open_at_once(const std::string& path) {
    std::atomic<int> ready{0};
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < THREADS; i++) {
        threads.emplace_back([&] {
            sd_ctx_params_t params;
            sd_ctx_params_init(&params);
            params.model_path  = path.c_str();
            d4j_model_t* model = nullptr;
            ready++;
            while (ready < THREADS) {
            }
            const int32_t status = d4j_model_open(&params, nullptr, &model);
            if (status != D4J_LOAD_FAILED || std::strstr(d4j_last_error(), "get sd version") == nullptr) {
                wrong++;
                std::fprintf(stderr, "status %d: %s\n", status, d4j_last_error());
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: opening <folder>\n");
        return 2;
    }
    const std::string path = std::string(argv[1]) + "/diffusers-names.safetensors";
    write_file(path, {"unet.down_blocks.0.resnets.0.norm1.weight", "unet.mid_block.attentions.0.norm.weight",
                      "vae.decoder.up_blocks.0.resnets.0.norm1.weight"});
    int failures = 0;
    for (int i = 0; i < PROCESSES; i++) {
        const pid_t child = fork();
        if (child == 0) {
            _exit(open_at_once(path));
        }
        int status = 0;
        waitpid(child, &status, 0);
        failures += status != 0;
    }
    std::remove(path.c_str());
    std::fprintf(stderr, "%d of %d processes failed\n", failures, PROCESSES);
    return failures == 0 ? 0 : 1;
}
