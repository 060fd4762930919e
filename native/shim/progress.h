/*
 * Where the runtime's progress reports and previews arrive, told apart by the place that reports. They concern the call
 * in progress on the calling thread.
 */
#ifndef D4J_PROGRESS_H
#define D4J_PROGRESS_H

#include "stable-diffusion.h"

namespace d4j {

void on_loading_progress(int step, int of, float seconds);
void on_sampling_progress(int step, int of, float seconds);
void on_tile_progress(int step, int of, float seconds);

preview_t preview_mode();
/* Whether the step in progress is one whose preview was asked for. Making a preview can cost as much as a step. */
bool preview_is_due();
void on_preview(int step, int frame_count, sd_image_t* frames, bool is_noisy, void* data);

}  // namespace d4j

#endif
