"""webuiapi, a client of AUTOMATIC1111's web UI, against the server."""

import threading
import time
import urllib.parse

import webuiapi

import checks
import drawn


def client(url):
    address = urllib.parse.urlparse(url)
    return webuiapi.WebUIApi(host=address.hostname, port=address.port)


def text_to_image(url):
    result = client(url).txt2img(
        prompt=drawn.RED_CIRCLE, negative_prompt="blue", seed=5, steps=20, cfg_scale=2, width=128, height=128, batch_size=2
    )
    assert len(result.images) == 2
    for image in result.images:
        assert drawn.is_red_circle(image)
    assert result.info["all_seeds"] == [5, 6], result.info
    assert result.info["sampler_name"] == "Euler a", result.info
    assert result.info["sd_model_name"] == "demo", result.info


def image_to_image(url):
    result = client(url).img2img(
        images=[drawn.blue_square()], prompt=drawn.RED_CIRCLE, denoising_strength=1, cfg_scale=2, steps=20, width=128, height=128, seed=5
    )
    assert drawn.is_red_circle(result.image)


def mask(url):
    before = drawn.blue_square()
    result = client(url).img2img(
        images=[before],
        mask_image=drawn.right_half(255),
        mask_blur=0,
        inpainting_fill=1,
        inpaint_full_res=False,
        prompt=drawn.GREEN_CIRCLE,
        denoising_strength=1,
        cfg_scale=2,
        steps=20,
        width=128,
        height=128,
        seed=3,
    )
    assert drawn.only_the_right_half_is_new(result.image, before)


def progress_and_interrupt(url):
    api = client(url)
    assert api.get_progress()["state"]["job_count"] == 0
    results = []
    thread = threading.Thread(
        target=lambda: results.append(client(url).txt2img(prompt="a", steps=200, width=128, height=128, cfg_scale=2))
    )
    thread.start()
    while api.get_progress()["state"]["sampling_step"] == 0:
        assert thread.is_alive()
        time.sleep(0.05)
    progress = api.get_progress()
    assert 0 < progress["progress"] < 1, progress
    assert progress["state"]["job_count"] == 1
    assert progress["state"]["sampling_steps"] == 200
    api.interrupt()
    thread.join()
    assert results[0].images == []
    while api.get_progress()["state"]["job_count"]:
        time.sleep(0.05)


def lists(url):
    api = client(url)
    assert "Euler a" in [sampler["name"] for sampler in api.get_samplers()]
    assert "karras" in [scheduler["name"] for scheduler in api.get_schedulers()]
    assert api.util_get_model_names() == ["demo"]
    assert api.util_get_current_model() == "demo"
    assert [upscaler["name"] for upscaler in api.get_upscalers()] == ["None", "Lanczos"]
    assert api.get_loras() == []
    for call in (
        api.get_hypernetworks,
        api.get_face_restorers,
        api.get_realesrgan_models,
        api.get_prompt_styles,
        api.get_scripts,
        api.get_embeddings,
        api.get_memory,
        api.get_cmd_flags,
        api.get_sd_vae,
        api.refresh_checkpoints,
    ):
        call()


def options(url):
    api = client(url)
    assert api.get_options()["sd_model_checkpoint"] == "demo"
    assert api.get_options()["CLIP_stop_at_last_layers"] == 1
    api.set_options({"CLIP_stop_at_last_layers": 2})
    assert api.get_options()["CLIP_stop_at_last_layers"] == 2
    api.set_options({"CLIP_stop_at_last_layers": 1})
    api.util_set_model("demo")


def png_info(url):
    api = client(url)
    drawing = api.txt2img(prompt=drawn.RED_CIRCLE, seed=9, steps=2, cfg_scale=2, width=128, height=128)
    read = api.png_info(drawing.image)
    assert drawn.RED_CIRCLE in read.info, read.info
    assert read.parameters["Seed"] == "9", read.parameters
    assert read.parameters["Size"] == "128x128", read.parameters


def extras(url):
    result = client(url).extra_single_image(image=drawn.blue_square(), upscaler_1="Lanczos", upscaling_resize=2)
    assert result.image.size == (256, 256)
    assert drawn.pixel(result.image, 0.5, 0.5)[2] > 180


def errors(url):
    for options, words in (
        ({"sampler_name": "No Such"}, "Sampler not found"),
        ({"override_settings": {"sd_model_checkpoint": "no-such"}}, "no-such"),
        ({"steps": 100000}, "steps"),
    ):
        try:
            client(url).txt2img(prompt="a", width=128, height=128, **options)
        except RuntimeError as e:
            assert words in str(e), e
        else:
            raise AssertionError("it did not fail: " + str(options))


if __name__ == "__main__":
    checks.run(
        [
            text_to_image,
            image_to_image,
            mask,
            progress_and_interrupt,
            lists,
            options,
            png_info,
            extras,
            errors,
        ]
    )
