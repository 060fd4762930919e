/* Pixels and samples that callers hold, counted so that a leak can be seen. */
#ifndef D4J_PICTURES_H
#define D4J_PICTURES_H

#include "d4j.h"

namespace d4j {

/* Counts the pictures as handed out. Their pixels were allocated by malloc. */
void hand_out(const sd_image_t* images, int32_t count);

/* Counts samples as handed out, which were allocated by malloc as their struct was. Null is nothing. */
void hand_out(const sd_audio_t* audio);

}  // namespace d4j

#endif
