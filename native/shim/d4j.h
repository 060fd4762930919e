/*
 * The C interface between Diffusion4J's Java code and stable-diffusion.cpp.
 *
 * The runtime has no error boundary: it throws C++ exceptions, asserts and aborts. Every function here that can reach
 * such code is guarded: it returns a d4j_status, and d4j_last_error() then holds the reason. Functions without a status
 * cannot fail.
 *
 * Threading: a model is used by one thread at a time. Different models may be used by different threads at once.
 * Callbacks arrive on the thread that made the call, never on a thread of the runtime's.
 */
#ifndef D4J_H
#define D4J_H

#include <stdint.h>

#include "stable-diffusion.h"

#define D4J_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever a signature, a struct or a meaning in this file or the pinned runtime's header changes. */
#define D4J_ABI_VERSION 9

enum d4j_status {
    D4J_OK             = 0,
    D4J_INVALID        = 1, /* an argument was refused before the runtime saw it */
    D4J_LOAD_FAILED    = 2, /* the model could not be opened */
    D4J_FAILED         = 3, /* the runtime reported a failure; the model stays usable */
    D4J_CANCELLED      = 4, /* the observer's cancel flag was seen */
    D4J_OUT_OF_MEMORY  = 5, /* where memory was missing in the middle of something, the next call returns D4J_POISONED */
    D4J_POISONED       = 6, /* an assertion fired inside the runtime, or it threw; the model may only be closed */
    D4J_UNAVAILABLE    = 7  /* a device is not there, or was lost; a model that was open on it may only be closed */
};

/* What a progress report counts. */
enum d4j_progress_kind {
    D4J_PROGRESS_LOADING  = 0, /* weight tensors read */
    D4J_PROGRESS_SAMPLING = 1, /* denoising steps of one picture */
    D4J_PROGRESS_TILES    = 2  /* tiles of the VAE or an upscaler */
};

enum d4j_device_type {
    D4J_DEVICE_CPU         = 0,
    D4J_DEVICE_GPU         = 1,
    D4J_DEVICE_IGPU        = 2,
    D4J_DEVICE_ACCELERATOR = 3
};

/* What the denoiser's output stands for. */
enum d4j_prediction {
    D4J_PREDICTION_EPSILON    = 0,
    D4J_PREDICTION_V          = 1,
    D4J_PREDICTION_EDM_V      = 2, /* v over the noise levels of EDM */
    D4J_PREDICTION_FLOW       = 3, /* the velocity of flow matching */
    D4J_PREDICTION_FLUX_FLOW  = 4, /* the same with the noise levels of FLUX.1 */
    D4J_PREDICTION_FLUX2_FLOW = 5  /* and those of FLUX.2 */
};

/* What denoises latents; none if it cannot be run by itself. */
enum d4j_denoiser {
    D4J_DENOISER_NONE        = 0,
    D4J_DENOISER_UNET        = 1,
    D4J_DENOISER_TRANSFORMER = 2
};

/* Whose ids a caller's tokenizer is asked for. */
enum d4j_tokenizer {
    D4J_TOKENIZER_T5    = 0,
    D4J_TOKENIZER_QWEN2 = 1, /* Qwen2.5 and its models for pictures */
    D4J_TOKENIZER_QWEN3 = 2  /* has more special tokens, such as <think> */
};

/* What a video model is shown beside the prompt: bits of d4j_model_info_t.video_inputs. */
enum d4j_video_input {
    D4J_VIDEO_FIRST_FRAME      = 1, /* a picture that the video begins with, or that VACE draws after */
    D4J_VIDEO_LAST_FRAME       = 2, /* one that it ends with */
    D4J_VIDEO_LAST_NEEDS_FIRST = 4, /* not the last one alone */
    D4J_VIDEO_CONTROL_FRAMES   = 8  /* a picture for each frame: VACE's */
};

typedef struct d4j_model_t d4j_model_t;
typedef struct d4j_rpc_server_t d4j_rpc_server_t;
typedef struct d4j_upscaler_t d4j_upscaler_t;

typedef void (*d4j_log_fn)(int32_t level, const char* text);
/* step runs from 0 (the work begins) to of (it is done); seconds is the duration of the step that just ended. */
typedef void (*d4j_progress_fn)(int32_t kind, int32_t step, int32_t of, float seconds);
/* Something that was asked for and is not done, in a sentence; valid during the call only. */
typedef void (*d4j_warning_fn)(const char* text);
/* RGB8, rows top down; valid during the call only. */
typedef void (*d4j_preview_fn)(int32_t step, int32_t width, int32_t height, const uint8_t* rgb);

/*
 * Writes the token ids of a text (UTF-8, bytes long, not terminated), without start, end and padding, as many as there is room
 * for. Returns how many there are, below 0 if that failed. tokenizer: enum d4j_tokenizer.
 */
typedef int32_t (*d4j_tokenize_fn)(int32_t tokenizer, const char* text, int64_t bytes, int32_t* ids, int64_t room);

/* What the caller wants to see of a running call, and how it stops it. All pointers may be null. */
typedef struct {
    d4j_progress_fn progress;
    d4j_preview_fn preview;
    int32_t preview_mode;     /* enum preview_t */
    int32_t preview_interval; /* every n-th step, from 1 */
    const int32_t* cancel;    /* polled; any value but 0 stops the call */
    d4j_warning_fn warning;
} d4j_observer_t;

typedef struct {
    char name[128];
    char description[256];
    char endpoint[264]; /* the RPC server that it belongs to, "" for a device of this machine */
    int32_t type; /* enum d4j_device_type; of a server's devices nothing is known */
} d4j_device_t;

typedef struct {
    char family[64];       /* the runtime's name of the model family, such as "SD 1.x" */
    int32_t size_multiple; /* width and height must be multiples of this many pixels */
    int32_t vae_scale_factor;
    int32_t latent_channels;
    int32_t default_sampler; /* enum sample_method_t */
    int32_t default_schedule; /* enum scheduler_t, for the default sampler */
    int32_t generates_images;
    int32_t is_inpaint; /* has mask and masked picture as extra U-Net inputs */
    int32_t has_vae_encoder;
    int32_t frame_step;   /* a video has 1 frame and a multiple of this many; 0 for models that make none */
    int32_t video_inputs; /* bits of enum d4j_video_input */
} d4j_model_info_t;

/* A LoRA, and its strength in two parts of the model; 1 as trained. */
typedef struct {
    const char* path;
    float multiplier; /* in the diffusion model and the VAE */
    float text_encoder_multiplier;
} d4j_lora_t;

/* A control picture of a generation, and how far a ControlNet obeys it. */
typedef struct {
    int32_t control_net; /* by its place among those of the model, from 0 */
    float strength;      /* 1 as trained, 0 for none */
    double start;        /* the part of the steps, 0 to 1, after which it is obeyed */
    double end;          /* and until when */
    sd_image_t picture;  /* RGB of any size */
} d4j_control_t;

/* One CLIP text encoder of a model. */
typedef struct {
    int32_t hidden_size;    /* 768, 1024 or 1280 */
    int32_t layers;         /* 12, 24 or 32 */
    int32_t pooled_size;    /* of text.pool's output */
    int32_t padding;        /* the token id that fills up a prompt */
    int32_t skipped_layers; /* how many of the last layers the model leaves out when it draws */
    int32_t final_norm;     /* whether it uses the final layer norm when it draws */
    char weights[128];      /* what the names of its tensors begin with */
} d4j_text_encoder_t;

#define D4J_MAX_LATENT_CHANNELS 128
#define D4J_MAX_RESIDUALS 16

/*
 * The parts of a model that the functions below run by themselves: of the U-Net families (SD 1.x, SD 2.x, SDXL), and of SD 3,
 * FLUX.1, FLUX.2, Z-Image and Qwen-Image, whose text encoders run together as prompt.encode.
 */
typedef struct {
    int32_t denoiser;                  /* enum d4j_denoiser; with none of them there are no parts at all */
    int32_t text_encoder_count;        /* 0 for families with a transformer */
    d4j_text_encoder_t text_encoders[2];
    int32_t text_length;               /* tokens of one run of the text encoder, start and end among them: 77 */
    int32_t denoiser_in_channels;          /* latents and what inpainting models are shown beside them */
    int32_t denoiser_out_channels;
    int32_t denoiser_context_size;         /* width of the text context */
    int32_t denoiser_vector_size;          /* pooled text, and picture size of SDXL; 0 for models without */
    int32_t denoiser_size_multiple;        /* latents' height and width must be multiples of it */
    int32_t denoiser_patch_size;           /* latent cells in each direction that a transformer sees as one token; 1 for U-Nets */
    int32_t denoiser_max_side;             /* the largest height and width of latents; 0 for any */
    int32_t denoiser_guidance;             /* whether it is told a guidance scale, with which it was distilled */
    int32_t denoiser_residuals;            /* how many tensors a ControlNet adds; 0 where there can be none */
    int32_t residual_channels[16];
    int32_t residual_downscale[16];        /* cells of the latents for one of the residual's, in each direction */
    int32_t prediction;                /* enum d4j_prediction */
    int32_t vae_moments;               /* channels of vae.encode's output: mean and log variance, or mean alone */
    float vae_scaling[128];            /* by channel: the denoiser's latents are (the VAE's - shift) * scaling */
    float vae_shift[128];
} d4j_parts_t;

enum d4j_tensor_type {
    D4J_TENSOR_F32 = 0,
    D4J_TENSOR_I32 = 1 /* token ids */
};

#define D4J_MAX_RANK 4
#define D4J_MAX_TENSORS 8

/* What a tensor of a call is; its data is an argument of the call. */
typedef struct {
    const char* name;
    int32_t type; /* enum d4j_tensor_type */
    int32_t rank; /* up to D4J_MAX_RANK */
    int64_t shape[4]; /* outermost dimension first */
} d4j_tensor_t;

typedef struct {
    const char* name;
    double value;
} d4j_number_t;

/* ---- the library itself ---- */
D4J_API int32_t d4j_abi_version(void);
/* sizeof of the named struct of this header or the runtime's ("sd_ctx_params_t"), -1 if unknown. */
D4J_API int64_t d4j_struct_size(const char* name);
/* offsetof the named field of such a struct, -1 if unknown. */
D4J_API int64_t d4j_field_offset(const char* name, const char* field);
/* The pinned source the library was built from, such as "diffusion-rs-sys 0.1.20 (stable-diffusion.cpp 9838264c)". */
D4J_API const char* d4j_source_version(void);
/* The backends compiled in, separated by commas: "cpu", "cuda,cpu". */
D4J_API const char* d4j_backends(void);
/* The variant of the CPU backend that a portable library chose for this processor, such as "haswell"; "" in others. */
D4J_API const char* d4j_cpu_variant(void);
/*
 * How many operations one of the shim's CPU kernels has computed in this process: "product", "winograd", "flash_attention",
 * "im2col", "broadcast"; -1 for another name.
 */
D4J_API int64_t d4j_override_calls(const char* name);
/* How many threads a model computes with on the CPU unless told otherwise. */
D4J_API int32_t d4j_default_threads(void);
/* Installs the guard and the callbacks; once per process, before anything below. Later calls do nothing. */
D4J_API int32_t d4j_initialize(void);
/* Receives log lines (enum sd_log_level_t) of calls in progress, on their threads; null stops it. */
D4J_API void d4j_set_log_callback(d4j_log_fn callback);
/*
 * Gives prompts to this where models have the text encoders T5 or Qwen, whose ids are not always those of the runtime's own
 * tokenizers; null, as in the beginning: to these. Of all models, also those that are open.
 */
D4J_API void d4j_set_tokenizer(d4j_tokenize_fn tokenize);
/* Why the last guarded call of this thread failed; "" if it did not. Valid until the thread's next guarded call. */
D4J_API const char* d4j_last_error(void);

/* ---- devices ---- */
/* The devices of this machine have the indices from 0; those of others follow, see d4j_rpc_devices. */
D4J_API int32_t d4j_device_count(int32_t* count);
D4J_API int32_t d4j_device(int32_t index, d4j_device_t* device);
/* In bytes, of the device of that name. Asking a GPU makes a context on it, which takes time and memory there. */
D4J_API int32_t d4j_device_memory(const char* name, int64_t* total, int64_t* free);
/*
 * Connects to an RPC server ("host:port") and writes the indices of its devices, which are named "RPC0" and so on; *count
 * is the room on entry, the number on return. A server that does not answer is given up after ten seconds.
 */
D4J_API int32_t d4j_rpc_devices(const char* endpoint, int32_t* indices, int32_t* count);
/*
 * Offers a device to other machines. There is no authentication: whoever reaches the port can use the device and, through
 * flaws of the protocol's implementation, perhaps more. Port 0 takes a free one; *port is the one taken.
 */
D4J_API int32_t d4j_rpc_listen(const char* host, int32_t* port, d4j_rpc_server_t** server);
/*
 * Serves one client after another until *stop is not 0, which ends a connection too. Uses the CPU if device is null, and
 * as many threads as there are cores if threads is 0.
 */
D4J_API int32_t d4j_rpc_serve(d4j_rpc_server_t* server, const char* device, int32_t threads, const int32_t* stop);
/* Accepts null. */
D4J_API int32_t d4j_rpc_close(d4j_rpc_server_t* server);

/* ---- models and generation ---- */
/*
 * params->backend names devices: "CUDA0", or "*=CUDA0,te=CPU,vae=CPU" with parts. Without a name for the whole it is the
 * first GPU of this machine, else the CPU. The observer may be null.
 */
D4J_API int32_t d4j_model_open(const sd_ctx_params_t* params, const d4j_observer_t* observer, d4j_model_t** model);
/* Accepts null and poisoned models. */
D4J_API int32_t d4j_model_close(d4j_model_t* model);
/*
 * Opens a ControlNet for an open model of the families SD 1.x or SD 2.x, beside those that it has: a file with the names of the
 * original checkpoints, with or without "control_model.", or of diffusers. One for another U-Net is D4J_LOAD_FAILED.
 */
D4J_API int32_t d4j_add_control_net(d4j_model_t* model, const char* path, const d4j_observer_t* observer);
/* Models and upscalers opened and not yet closed. */
D4J_API int64_t d4j_live_models(void);
/* Those whose memory was given up when they were closed, as freeing it would have ended the process: a lost device. */
D4J_API int64_t d4j_leaked_models(void);
D4J_API int32_t d4j_model_info(d4j_model_t* model, d4j_model_info_t* info);
/*
 * On success *images holds *count pictures, whose pixels and array the caller frees with the two functions below. A seed below
 * 0 is refused: the caller draws it. LoRAs are given beside the parameters, whose own are refused. One of which this model can
 * use nothing is D4J_LOAD_FAILED; what else of one it cannot use is a warning.
 */
D4J_API int32_t d4j_generate_image(d4j_model_t* model,
                                   const sd_img_gen_params_t* params,
                                   const d4j_lora_t* loras,
                                   int32_t lora_count,
                                   const d4j_observer_t* observer,
                                   sd_image_t** images,
                                   int32_t* count);
/*
 * Control pictures for the next d4j_generate_image, whether it succeeds or not, and for none after it. They are copied, and scaled
 * to the size of what is drawn. The residuals of several add up.
 */
D4J_API int32_t d4j_set_controls(d4j_model_t* model, const d4j_control_t* controls, int32_t count);
/*
 * As d4j_generate_image, for the family that makes videos: on success *frames holds *count pictures, as many as were asked for,
 * freed in the same way, and *audio what the model made to be heard with them, null if it made nothing. A number of frames that
 * the model cannot give is refused, and so is a picture that it would not look at. Frames of a control video are as many as those
 * asked for.
 */
D4J_API int32_t d4j_generate_video(d4j_model_t* model,
                                   const sd_vid_gen_params_t* params,
                                   const d4j_lora_t* loras,
                                   int32_t lora_count,
                                   const d4j_observer_t* observer,
                                   sd_image_t** frames,
                                   int32_t* count,
                                   sd_audio_t** audio);
/* Frees what was to be heard. Accepts null. */
D4J_API void d4j_audio_free(sd_audio_t* audio);
/* Frees one picture's pixels. */
D4J_API void d4j_pixels_free(uint8_t* pixels);
/* Frees the array alone; the pixels belong to whoever took them. */
D4J_API void d4j_image_array_free(sd_image_t* images);
/* Pixels and samples handed out and not yet freed, in bytes. */
D4J_API int64_t d4j_live_pixel_bytes(void);

/* ---- parts of a model ----
 * Observers may be null. LoRAs of a generation are taken off first, those of d4j_set_loras stay.
 */
/*
 * What a tokenizer is built from, UTF-8, *length bytes, not terminated; static. "clip": CLIP's merges.txt; "qwen": Qwen's,
 * without the header line; "t5": T5's tokenizer.json. Another name is refused.
 */
D4J_API int32_t d4j_vocabulary(const char* tokenizer, const char** text, int64_t* length);
D4J_API int32_t d4j_parts(d4j_model_t* model, d4j_parts_t* parts);
/* LoRAs for the parts, until the next call or generation, as in d4j_generate_image; count 0 takes them off. */
D4J_API int32_t d4j_set_loras(d4j_model_t* model, const d4j_lora_t* loras, int32_t count, const d4j_observer_t* observer);
/*
 * Runs one component. Which tensors and numbers a call has is said by their names; one that it does not know is refused, as is
 * one of another shape. Those marked -> are written.
 *
 *   text.encode   encoder, skipped_layers, final_norm (0 or 1); ids (text_length) or embeddings (1, text_length, hidden_size): what
 *                 enters the first layer, the sum of token and position embeddings; -> hidden (1, text_length, hidden_size)
 *   text.pool     encoder, position; ids or embeddings; -> pooled (1, pooled_size): all layers and the final norm at one
 *                 position, through the projection if there is one
 *   text.embed    encoder; ids (count); -> embeddings (1, count, hidden_size): rows of the token embedding table
 *   unet.predict  timestep (0 to 999, fractions too); latents (batch, latent channels, height, width), already at the scale that
 *                 the model wants; context (1 or batch, tokens, context size); for guidance, else none of them:
 *                 guidance_scale, negative_context (as context, of another length if need be); where the model has one: vector
 *                 (1, vector size), and negative_vector with the negative context; for inpainting models: concat
 *                 (in - latent channels, height, width), what they see beside the latents; from ControlNets: residuals (batch, or
 *                 twice that with a negative context, whose are the second half; values), the sums of what control.predict
 *                 gives; -> prediction (batch, out channels, height, width): negative + guidance_scale * (positive - negative). Keeps its working memory for the
 *                 next prediction until something else runs
 *   control.embed  control_net; picture (1, 3, 8 * height, 8 * width), 0 to 1; -> hint (1, residual_channels[0], height, width): what
 *                 the picture adds to a ControlNet's first layer, the same in all steps
 *   control.predict  control_net, timestep; latents (batch, latent channels, height, width); hint; context (1 or batch, tokens, context
 *                 size); -> residuals (batch, values): the tensors that are added to the U-Net's skip connections, in their
 *                 order, and to its middle block, one behind the other; each channels * height / downscale * width / downscale
 *   prompt.encode  of models with a transformer: clip_skip (1 for CLIP's last layer; 0 for the model's own choice); prompt (bytes of
 *                 UTF-8, one each; left out for an empty one); -> sizes (2): tokens of the context, and the vector's length. Keeps
 *                 the result for the next call
 *   prompt.take   right after prompt.encode; -> context (1, tokens, context size), and vector (1, vector size) where there is one
 *   transformer.predict  timestep (0 to 1000: the noise level times 1000); as unet.predict but for concat; where the model is told
 *                 one: guidance (1), for both predictions; -> prediction: the velocity from the clean latents to the noise
 *   vae.encode    pictures (batch, 3, height, width), -1 to 1; -> moments (batch, vae_moments, height / factor, width / factor),
 *                 unscaled
 *   vae.decode    latents (batch, latent channels, height, width), unscaled; -> pictures (batch, 3, factor * height,
 *                 factor * width), not clamped
 *
 * The data of the tensors, row-major and the caller's, are arguments of their own, in the same order and null behind the last: a
 * caller whose memory is managed then holds them as long as the call runs.
 *
 * With tile_width, tile_height and tile_overlap (a fraction) the VAE works in tiles, and reports them as progress.
 */
D4J_API int32_t d4j_run(d4j_model_t* model,
                        const char* call,
                        const d4j_tensor_t* tensors,
                        int32_t tensor_count,
                        void* data0,
                        void* data1,
                        void* data2,
                        void* data3,
                        void* data4,
                        void* data5,
                        void* data6,
                        void* data7,
                        const d4j_number_t* numbers,
                        int32_t number_count,
                        const d4j_observer_t* observer);
/* The noise levels of a schedule (enum scheduler_t), the last one 0. *count is the room on entry, the number on return. */
D4J_API int32_t d4j_sigmas(
    d4j_model_t* model, int32_t schedule, int32_t steps, int32_t width, int32_t height, float* sigmas, int32_t* count);
/*
 * One weight of the model's files as float32, by the runtime's name of it. *count is the room on entry (0 to ask for the
 * shape alone), the number of elements on return; shape has room for four dimensions, outermost first.
 */
D4J_API int32_t d4j_weight(d4j_model_t* model, const char* name, int64_t* shape, int32_t* rank, float* data, int64_t* count);

/* ---- upscalers ----
 * Models that enlarge pictures: ESRGAN's RRDBNet with 64 features, 1, 2 or 4 times. Weights are held as f16. An upscaler is used by
 * one thread at a time, as a model is, and becomes unusable as one does.
 */
/* device: its name; null or "" for the first GPU of this machine, else the CPU. threads: as of a model. The observer may be null. */
D4J_API int32_t d4j_upscaler_open(
    const char* path, const char* device, int32_t threads, const d4j_observer_t* observer, d4j_upscaler_t** upscaler);
/* Accepts null and poisoned upscalers. */
D4J_API int32_t d4j_upscaler_close(d4j_upscaler_t* upscaler);
/* How many times larger a picture becomes in each direction. */
D4J_API int32_t d4j_upscaler_scale(d4j_upscaler_t* upscaler, int32_t* scale);
/*
 * Enlarges a picture (RGB8) in tiles of that many pixels of it in each direction, which overlap by a quarter and are reported as
 * progress; whole, and without reports but for reading weights, with 0 or if it is no larger than a tile. On success *images holds
 * one picture, which the caller frees as in d4j_generate_image.
 */
D4J_API int32_t d4j_upscale(d4j_upscaler_t* upscaler,
                            const sd_image_t* picture,
                            int32_t tile_size,
                            const d4j_observer_t* observer,
                            sd_image_t** images);

/* ---- numbers of weights ----
 * Need no model, and any threads may call them at once. A type is one of enum sd_type_t; size, in bytes, is what the rows take in it.
 */
/*
 * Writes rows of float32 numbers as f32, f16, bf16 or a quantised type that needs no calibration. Numbers that are not finite,
 * or that the type cannot hold, are D4J_FAILED.
 */
D4J_API int32_t d4j_quantize(int32_t type, const float* numbers, int64_t rows, int64_t row_length, void* weights, int64_t size);
/* Reads rows of any type of weights as float32. */
D4J_API int32_t d4j_dequantize(int32_t type, const void* weights, int64_t size, int64_t rows, int64_t row_length, float* numbers);

#ifdef __cplusplus
}
#endif

#endif
