#include "call.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <vector>

#include "log.h"
#include "progress.h"
#include "text.h"

namespace d4j {

namespace {

constexpr size_t MAX_COMPLAINTS           = 6;
constexpr size_t MAX_LINES_FROM_ELSEWHERE = 1000;
constexpr size_t MAX_LINE_BYTES           = 4096;

thread_local Call* current_call = nullptr;

std::atomic<d4j_log_fn> log_callback{nullptr};

/* The calls in progress, for the threads that cannot tell which one they work for. Never destroyed: a thread of the
   runtime may outlive the library's static objects. */
struct Registry {
    std::mutex mutex;
    std::vector<Call*> calls;
};

Registry& registry() {
    static Registry* const instance = new Registry();
    return *instance;
}

bool is_set(const int32_t* flag) noexcept {
    return flag != nullptr && __atomic_load_n(flag, __ATOMIC_ACQUIRE) != 0;
}

bool begins(const std::string& text, const char* beginning) {
    return text.rfind(beginning, 0) == 0;
}

/* The runtime's words when it cannot read a VAE, a tiny autoencoder, a LoRA or an embedding. It goes on as if nobody had
   asked for it. */
bool tells_of_file_left_out(const std::string& line) {
    const std::string ending = "failed";
    const bool fails = line.size() >= ending.size() && line.compare(line.size() - ending.size(), ending.size(), ending) == 0;
    return fails && (begins(line, "loading vae from '") || begins(line, "loading tae from '") ||
                     begins(line, "load lora tensors from ") || begins(line, "embedding '"));
}

}  // namespace

Call::Call(const d4j_observer_t* observer) : outer_(current_call) {
    if (observer != nullptr) {
        observer_ = *observer;
    }
    Registry& all = registry();
    std::lock_guard<std::mutex> lock(all.mutex);
    all.calls.push_back(this);
    current_call = this;
}

Call::~Call() {
    try {
        deliver_lines_from_elsewhere();
    } catch (...) {
        // For want of memory some lines of the log are lost.
    }
    current_call  = outer_;
    Registry& all = registry();
    std::lock_guard<std::mutex> lock(all.mutex);
    all.calls.erase(std::remove(all.calls.begin(), all.calls.end(), this), all.calls.end());
}

Call* Call::current() noexcept {
    return current_call;
}

bool Call::poll_cancel() noexcept {
    if (!cancelled_ && is_set(observer_.cancel)) {
        cancelled_ = true;
    }
    return cancelled_;
}

void Call::report(d4j_progress_kind kind, int step, int of, float seconds) {
    deliver_lines_from_elsewhere();
    of   = std::max(of, 0);
    step = std::clamp(step, 0, of);
    if (kind == D4J_PROGRESS_SAMPLING) {
        if (step == 0) {
            // Samplers of higher order begin their first step once per evaluation.
            if (sampling_step_ == 0 && sampling_steps_ == of) {
                return;
            }
            previewed_step_ = 0;
        }
        sampling_step_  = step;
        sampling_steps_ = of;
    }
    // A report of 0 marks the beginning, which the loader may leave out.
    if (step > 0 && is_new_phase(kind, of)) {
        deliver_progress(kind, 0, of, 0.0f);
    }
    phase_       = kind;
    phase_step_  = step;
    phase_steps_ = of;
    // Nothing has ended yet at step 0: what the runtime states then is left over from before, or divided by nothing.
    const bool usable = step > 0 && std::isfinite(seconds) && seconds > 0.0f;
    deliver_progress(kind, step, of, usable ? seconds : 0.0f);
}

bool Call::is_new_phase(d4j_progress_kind kind, int of) const noexcept {
    return kind != phase_ || of != phase_steps_ || phase_step_ == phase_steps_;
}

void Call::deliver_progress(d4j_progress_kind kind, int step, int of, float seconds) {
    if (observer_.progress != nullptr && !cancelled_ && of > 0) {
        observer_.progress(kind, step, of, seconds);
    }
}

preview_t Call::preview_mode() const noexcept {
    const bool known = observer_.preview_mode > PREVIEW_NONE && observer_.preview_mode < PREVIEW_COUNT;
    return observer_.preview != nullptr && known ? static_cast<preview_t>(observer_.preview_mode) : PREVIEW_NONE;
}

bool Call::preview_is_due() const noexcept {
    // Samplers of higher order evaluate the model more than once per step: the first evaluation is shown.
    const int step = sampling_step_ + 1;
    return preview_mode() != PREVIEW_NONE && !cancelled_ && step != previewed_step_ &&
           (step % std::max(observer_.preview_interval, 1) == 0 || step == sampling_steps_);
}

void Call::preview(int step, const sd_image_t& frame) {
    previewed_step_ = sampling_step_ + 1;
    if (observer_.preview == nullptr || cancelled_ || frame.data == nullptr || frame.channel != 3) {
        return;
    }
    // Heun's first evaluation of a step carries a negative number.
    observer_.preview(std::abs(step), static_cast<int32_t>(frame.width), static_cast<int32_t>(frame.height), frame.data);
}

void Call::warn(const std::string& text) {
    if (observer_.warning != nullptr && !cancelled_) {
        observer_.warning(clean_line(text).c_str());
    }
}

void Call::log(sd_log_level_t level, std::string text) {
    deliver_lines_from_elsewhere();
    // After a cancel the runtime reports each thing that it could not finish; that is no trouble to anyone.
    const Line line(cancelled_ ? SD_LOG_DEBUG : level, std::move(text));
    remember(line);
    deliver(line);
}

void Call::log_from_elsewhere(sd_log_level_t level, std::string text) {
    Registry& all = registry();
    std::lock_guard<std::mutex> lock(all.mutex);
    for (Call* call : all.calls) {
        // With several calls in progress nobody knows which of them the line belongs to. All remember it for their
        // message should they fail; one delivers it, as there is one log.
        if (call != all.calls.front()) {
            call->remember_locked(Line(level, text));
        } else if (call->lines_from_elsewhere_.size() < MAX_LINES_FROM_ELSEWHERE) {
            call->lines_from_elsewhere_.emplace_back(level, text);
            call->has_lines_from_elsewhere_.store(true, std::memory_order_release);
        }
    }
}

std::string Call::last_words() {
    deliver_lines_from_elsewhere();
    std::string words;
    std::lock_guard<std::mutex> lock(registry().mutex);
    for (const Line& complaint : complaints_) {
        words += words.empty() ? "" : "; ";
        words += complaint.second;
    }
    return words;
}

std::string Call::left_out() {
    deliver_lines_from_elsewhere();
    std::lock_guard<std::mutex> lock(registry().mutex);
    return left_out_;
}

void Call::deliver_lines_from_elsewhere() {
    if (!has_lines_from_elsewhere_.load(std::memory_order_acquire)) {
        return;
    }
    std::deque<Line> lines;
    {
        std::lock_guard<std::mutex> lock(registry().mutex);
        lines.swap(lines_from_elsewhere_);
        has_lines_from_elsewhere_.store(false, std::memory_order_release);
    }
    for (const Line& line : lines) {
        remember(line);
        deliver(line);
    }
}

void Call::deliver(const Line& line) {
    const d4j_log_fn callback = log_callback.load(std::memory_order_acquire);
    if (callback != nullptr) {
        callback(line.first, line.second.c_str());
    }
}

void Call::remember(const Line& line) {
    if (line.first >= SD_LOG_WARN) {
        std::lock_guard<std::mutex> lock(registry().mutex);
        remember_locked(line);
    }
}

void Call::remember_locked(const Line& line) {
    const bool repeated = !complaints_.empty() && complaints_.back().second == line.second;
    if (line.first < SD_LOG_WARN || repeated) {
        return;
    }
    if (left_out_.empty() && tells_of_file_left_out(line.second)) {
        left_out_ = line.second;
    }
    complaints_.push_back(line);
    if (complaints_.size() > MAX_COMPLAINTS) {
        // The first error tends to be the cause and the latest say what came of it: warnings go, then what is between.
        const auto is_warning = [](const Line& complaint) { return complaint.first == SD_LOG_WARN; };
        const auto warning    = std::find_if(complaints_.begin(), complaints_.end(), is_warning);
        complaints_.erase(warning == complaints_.end() ? complaints_.begin() + 1 : warning);
    }
}

void set_log_callback(d4j_log_fn callback) noexcept {
    log_callback.store(callback, std::memory_order_release);
}

// ---- log.h ----

void log_formatted_list(sd_log_level_t level, const char* format, va_list arguments) {
    char buffer[MAX_LINE_BYTES];
    if (std::vsnprintf(buffer, sizeof(buffer), format, arguments) < 0) {
        return;
    }
    Call* call = Call::current();
    try {
        std::string text = clean_line(buffer);
        if (text.empty()) {
            return;
        }
        if (call != nullptr) {
            call->log(level, std::move(text));
        } else {
            Call::log_from_elsewhere(level, std::move(text));
        }
    } catch (const std::bad_alloc&) {
        // On the runtime's own threads nobody would catch it: the line is lost.
        if (call != nullptr) {
            throw;
        }
    }
}

void log_formatted(sd_log_level_t level, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    log_formatted_list(level, format, arguments);
    va_end(arguments);
}

// ---- progress.h ----

namespace {

void report(d4j_progress_kind kind, int step, int of, float seconds) {
    if (Call* call = Call::current()) {
        call->report(kind, step, of, seconds);
    }
}

}  // namespace

void on_loading_progress(int step, int of, float seconds) {
    report(D4J_PROGRESS_LOADING, step, of, seconds);
}

void on_sampling_progress(int step, int of, float seconds) {
    report(D4J_PROGRESS_SAMPLING, step, of, seconds);
}

void on_tile_progress(int step, int of, float seconds) {
    report(D4J_PROGRESS_TILES, step, of, seconds);
}

preview_t preview_mode() {
    const Call* call = Call::current();
    return call == nullptr ? PREVIEW_NONE : call->preview_mode();
}

bool preview_is_due() {
    const Call* call = Call::current();
    return call != nullptr && call->preview_is_due();
}

void on_preview(int step, int frame_count, sd_image_t* frames, bool /*is_noisy*/, void* /*data*/) {
    Call* call = Call::current();
    if (call != nullptr && frames != nullptr && frame_count > 0) {
        call->preview(step, frames[0]);
    }
}

}  // namespace d4j
