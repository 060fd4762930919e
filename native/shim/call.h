/*
 * A call in progress: who watches it, whether it was asked to stop, and what the runtime said meanwhile.
 *
 * The runtime's callbacks are process-wide and carry no notion of a model, so the call is found through a thread-local:
 * everything but some log lines is reported on the thread that made the call.
 */
#ifndef D4J_CALL_H
#define D4J_CALL_H

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "d4j.h"

namespace d4j {

class Call {
public:
    explicit Call(const d4j_observer_t* observer);
    ~Call();
    Call(const Call&)            = delete;
    Call& operator=(const Call&) = delete;

    /* The innermost call of this thread, null if there is none. */
    static Call* current() noexcept;

    /* Looks at the observer's flag; once it was seen set, the call stays cancelled. */
    bool poll_cancel() noexcept;
    bool cancelled() const noexcept { return cancelled_; }
    /* A computation was not run, or not to its end, because of the flag. */
    void abort() noexcept { aborted_ = true; }
    bool was_aborted() const noexcept { return aborted_; }

    void report(d4j_progress_kind kind, int step, int of, float seconds);

    /* Of the picture in progress: the steps that are done, and all. */
    int sampling_step() const noexcept { return sampling_step_; }
    int sampling_steps() const noexcept { return sampling_steps_; }

    preview_t preview_mode() const noexcept;
    bool preview_is_due() const noexcept;
    void preview(int step, const sd_image_t& frame);

    /* Tells the observer of something that was asked for and is not done. */
    void warn(const std::string& text);

    void log(sd_log_level_t level, std::string text);
    /* A line from a thread that the runtime started: kept until the call's own thread comes by. */
    static void log_from_elsewhere(sd_log_level_t level, std::string text);
    /* The latest warnings and errors, joined to one line; "" if there were none. */
    std::string last_words();
    /* What the runtime said of a file that it could not read and went on without; "" if there was none. */
    std::string left_out();

private:
    using Line = std::pair<sd_log_level_t, std::string>;

    bool is_new_phase(d4j_progress_kind kind, int of) const noexcept;
    void deliver_progress(d4j_progress_kind kind, int step, int of, float seconds);
    void deliver_lines_from_elsewhere();
    void deliver(const Line& line);
    void remember(const Line& line);
    void remember_locked(const Line& line);

    d4j_observer_t observer_ = {};
    bool cancelled_          = false;
    bool aborted_            = false;
    d4j_progress_kind phase_ = D4J_PROGRESS_LOADING;
    int phase_step_          = 0;
    int phase_steps_         = 0;
    int sampling_step_       = 0;
    int sampling_steps_      = 0;
    int previewed_step_      = 0;
    // These three are guarded by the registry's mutex.
    std::deque<Line> complaints_;
    std::string left_out_;
    std::deque<Line> lines_from_elsewhere_;
    std::atomic<bool> has_lines_from_elsewhere_{false};
    Call* outer_;
};

void set_log_callback(d4j_log_fn callback) noexcept;

}  // namespace d4j

#endif
