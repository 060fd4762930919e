"""OpenAI's own client against the server."""

import base64
import io

import openai
from PIL import Image

import checks
import drawn

NO_RETRIES_BY_THE_SERVERS_WORD = 2


def client(url):
    return openai.OpenAI(base_url=url + "v1", api_key="none", max_retries=NO_RETRIES_BY_THE_SERVERS_WORD)


def picture(text):
    return Image.open(io.BytesIO(base64.b64decode(text)))


def png(image):
    file = io.BytesIO()
    image.save(file, "png")
    return file.getvalue()


def generate(url):
    answer = client(url).images.generate(prompt=drawn.RED_CIRCLE, model="gpt-image-1", size="128x128", n=2)
    assert len(answer.data) == 2
    assert answer.size == "128x128"
    for item in answer.data:
        assert drawn.is_red_circle(picture(item.b64_json))


def models(url):
    assert [model.id for model in client(url).models.list()] == ["demo"]
    assert client(url).models.retrieve("demo").owned_by == "diffusion4j"


def extras(url):
    images = client(url).images
    same = [
        images.generate(prompt=drawn.RED_CIRCLE, extra_body={"seed": seed, "steps": 4, "negative_prompt": negative})
        for seed, negative in ((7, "blue"), (7, "blue"), (8, "blue"), (7, "a red circle"))
    ]
    first, again, other, negative = [picture(answer.data[0].b64_json) for answer in same]
    whole = (0, 0, 1, 1)
    assert drawn.difference(first, again, whole) == 0
    assert drawn.difference(first, other, whole) > 0
    assert drawn.difference(first, negative, whole) > 1


def edit(url):
    before = drawn.blue_square()
    answer = client(url).images.edit(
        image=("before.png", png(before)),
        mask=("mask.png", png(drawn.right_half((0, 0, 0, 0)))),
        prompt=drawn.GREEN_CIRCLE,
        extra_body={"seed": 3, "strength": 1.0},
    )
    assert drawn.only_the_right_half_is_new(picture(answer.data[0].b64_json), before)


def edit_of_a_list(url):
    before = drawn.blue_square()
    answer = client(url).images.edit(image=[("a.png", png(before))], prompt=drawn.RED_CIRCLE, extra_body={"strength": 1.0})
    assert drawn.is_red_circle(picture(answer.data[0].b64_json))


def stream(url):
    events = list(client(url).images.generate(prompt=drawn.RED_CIRCLE, stream=True, partial_images=2))
    assert [event.type for event in events] == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    assert [event.partial_image_index for event in events[:-1]] == [0, 1]
    assert picture(events[0].b64_json).size == (128, 128)
    assert drawn.is_red_circle(picture(events[-1].b64_json))


def stream_of_an_edit(url):
    before = drawn.blue_square()
    events = list(
        client(url).images.edit(
            image=("before.png", png(before)), prompt=drawn.RED_CIRCLE, stream=True, partial_images=1, extra_body={"strength": 1.0}
        )
    )
    assert [event.type for event in events] == ["image_edit.partial_image", "image_edit.completed"]
    assert drawn.is_red_circle(picture(events[-1].b64_json))


def fails(error, call):
    try:
        call()
    except error as e:
        assert type(e) is error, type(e)
        return e
    raise AssertionError("it did not fail")


def unknown_model(url):
    error = fails(openai.NotFoundError, lambda: client(url).images.generate(prompt="a", model="no-such"))
    assert (error.code, error.param, error.type) == ("model_not_found", "model", "invalid_request_error"), error
    assert "demo" in error.message


def bad_request(url):
    images = client(url).images
    error = fails(openai.BadRequestError, lambda: images.generate(prompt="a", size="huge"))
    assert error.param == "size", error
    error = fails(openai.BadRequestError, lambda: images.generate(prompt="a", extra_body={"steps": 100000}))
    assert error.param == "steps", error
    error = fails(openai.BadRequestError, lambda: images.edit(image=("a.png", b"no picture"), prompt="a"))
    assert error.param == "image", error


if __name__ == "__main__":
    checks.run(
        [
            generate,
            models,
            extras,
            edit,
            edit_of_a_list,
            stream,
            stream_of_an_edit,
            unknown_model,
            bad_request,
        ]
    )
