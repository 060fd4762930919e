"""What is in a picture, judged by its colours, and the pictures that the clients send."""

from PIL import Image, ImageChops, ImageDraw, ImageStat

RED_CIRCLE = "a red circle on a white background"
GREEN_CIRCLE = "a green circle on a white background"
SIDE = 128


def blue_square():
    """What the edits begin with: 'a blue square on a white background'."""
    picture = Image.new("RGB", (SIDE, SIDE), "white")
    ImageDraw.Draw(picture).rectangle((32, 32, 95, 95), fill=(30, 60, 220))
    return picture


def right_half(color):
    """A mask of the right half, in that colour."""
    mask = Image.new(color_mode(color), (SIDE, SIDE), color)
    mask.paste(other(color), (0, 0, SIDE // 2, SIDE))
    return mask


def color_mode(color):
    return "L" if isinstance(color, int) else "RGBA"


def other(color):
    return 0 if isinstance(color, int) else (0, 0, 0, 255)


def pixel(picture, x, y):
    return picture.convert("RGB").getpixel((int(x * picture.width), int(y * picture.height)))


def is_red_circle(picture):
    red, green, blue = pixel(picture, 0.5, 0.5)
    assert red > 150 and green < 110 and blue < 110, ("centre", red, green, blue)
    for x in (0.03, 0.97):
        for y in (0.03, 0.97):
            assert min(pixel(picture, x, y)) > 200, ("corner", pixel(picture, x, y))
    return True


def difference(first, second, box):
    """The mean difference of two pictures in a box of fractions, 0 to 255."""
    size = first.size
    area = (int(box[0] * size[0]), int(box[1] * size[1]), int(box[2] * size[0]), int(box[3] * size[1]))
    delta = ImageChops.difference(first.convert("RGB").crop(area), second.convert("RGB").crop(area))
    return sum(ImageStat.Stat(delta).mean) / 3


def only_the_right_half_is_new(result, before):
    left = difference(result, before, (0, 0, 0.45, 1))
    right = difference(result, before, (0.55, 0.25, 0.75, 0.75))
    assert left < 12, ("left", left)
    assert right > 40, ("right", right)
    return True
