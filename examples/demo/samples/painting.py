"""Paints pictures that decode, resize and compress like photographs: soft light, texture and sensor grain.

Everything follows from the seed, so a sample folder can be made again byte for byte. Scenes are painted small and
enlarged before the grain is laid on at full size: megapixels cost a resize each, not a painting each.
"""

from collections.abc import Callable
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from examples.demo.dice import dice

Colour = tuple[int, int, int]

# Scenes are painted with this longest side. Beyond it a viewer of thumbnails sees no more detail, only waits longer.
CANVAS = 640

# Sky at the top, sky at the horizon, the nearest ground, the light of the sun or of the lamps.
PALETTES: tuple[tuple[Colour, Colour, Colour, Colour], ...] = (
    ((38, 74, 128), (236, 190, 150), (26, 38, 40), (255, 236, 190)),
    ((70, 130, 200), (206, 226, 240), (42, 70, 44), (255, 252, 235)),
    ((44, 32, 82), (242, 120, 86), (30, 20, 36), (255, 196, 120)),
    ((10, 14, 38), (52, 70, 120), (8, 10, 18), (220, 228, 255)),
    ((150, 160, 166), (222, 222, 214), (58, 70, 66), (255, 255, 250)),
    ((64, 120, 168), (244, 214, 168), (110, 64, 36), (255, 240, 205)),
)


def photograph(seed: int, size: tuple[int, int]) -> Image.Image:
    """An RGB picture of `size` (width, height) in pixels; the same seed and size give the same pixels."""
    rng = dice(seed)
    scale = min(1.0, CANVAS / max(size))
    canvas = (max(16, round(size[0] * scale)), max(16, round(size[1] * scale)))
    scene = SCENES[seed % len(SCENES)](rng, canvas)
    return _grain(rng, scene.resize(size, Image.Resampling.BICUBIC), strength=rng.uniform(0.05, 0.11))


def landscape(rng: Random, size: tuple[int, int]) -> Image.Image:
    """Ridges that fade with distance under a clouded sky; in every other picture a lake that mirrors them."""
    top, horizon, ground, light = rng.choice(PALETTES)
    picture = _gradient(size, top, horizon)
    _glow(picture, (rng.uniform(0.15, 0.85), rng.uniform(0.2, 0.5)), rng.uniform(0.25, 0.6), light)
    clouds = _clouds(rng, size, stretch=3).point(lambda level: max(0, min(200, (level - 128) * 3)))
    picture.paste(_mix(horizon, light, 0.5), mask=clouds)
    layers = rng.randint(4, 6)
    for layer in range(layers):
        depth = (layer + 1) / layers
        colour = _mix(horizon, ground, 0.25 + 0.75 * depth)
        _ridge(rng, picture, base=0.42 + 0.34 * depth, height=0.42 - 0.26 * depth, colour=colour)
    if rng.random() < 0.5:
        _lake(rng, picture, top)
    return picture


def night_lights(rng: Random, size: tuple[int, int]) -> Image.Image:
    """A street far out of focus: overlapping discs of light, as a fast lens draws them."""
    _, _, ground, _ = rng.choice(PALETTES)
    picture = _gradient(size, _mix(ground, (4, 6, 16), 0.6), ground)
    for _ in range(rng.randint(28, 60)):
        radius = rng.uniform(0.02, 0.09) * min(size)
        x, y = rng.uniform(0, size[0]), rng.gauss(0.6, 0.16) * size[1]
        disc = Image.new("L", size, 0)
        box = (x - radius, y - radius, x + radius, y + radius)
        ImageDraw.Draw(disc).ellipse(box, fill=rng.randint(50, 150), outline=rng.randint(150, 220))
        colour = rng.choice(
            [(255, 190, 90), (255, 120, 70), (140, 200, 255), (255, 240, 210), (120, 255, 190)]
        )
        picture = ImageChops.screen(picture, ImageOps.colorize(disc, (0, 0, 0), colour))
    return picture.filter(ImageFilter.GaussianBlur(max(1.0, min(size) / 250)))


def still_life(rng: Random, size: tuple[int, int]) -> Image.Image:
    """Fruit on a table: spheres lit from one side, with their shadows."""
    width, height = size
    wall = _mix(rng.choice(PALETTES)[1], (90, 80, 76), 0.5)
    picture = _gradient(size, _mix(wall, (20, 18, 22), 0.5), wall)
    table = _gradient((width, height - round(height * 0.6)), (150, 104, 66), (92, 58, 34))
    wood = _clouds(rng, table.size, stretch=12)
    picture.paste(
        ImageChops.multiply(table, ImageOps.colorize(wood, (170, 160, 150), (255, 255, 255))),
        (0, round(height * 0.6)),
    )
    for _ in range(rng.randint(3, 7)):
        radius = round(rng.uniform(0.09, 0.17) * min(size))
        x, y = rng.randint(radius, max(radius + 1, width - radius)), round(height * rng.uniform(0.6, 0.78))
        shadow = Image.new("L", size, 0)
        ImageDraw.Draw(shadow).ellipse(
            (x - radius, y + radius * 0.6, x + radius * 1.6, y + radius * 1.1), fill=150
        )
        picture.paste((24, 14, 10), mask=shadow.filter(ImageFilter.GaussianBlur(radius / 5)))
        _sphere(
            picture, (x, y), radius, rng.choice([(214, 52, 40), (236, 150, 38), (150, 186, 60), (98, 36, 92)])
        )
    return picture


SCENES: tuple[Callable[[Random, tuple[int, int]], Image.Image], ...] = (
    landscape,
    still_life,
    landscape,
    night_lights,
)


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    r, g, b = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return r, g, b


def _gradient(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    return ImageOps.colorize(Image.linear_gradient("L").resize(size, Image.Resampling.BICUBIC), top, bottom)


def _noise(rng: Random, size: tuple[int, int]) -> Image.Image:
    return Image.frombytes("L", size, rng.randbytes(size[0] * size[1]))


def _clouds(rng: Random, size: tuple[int, int], stretch: int) -> Image.Image:
    """Fractal noise, levels 0 to 255: octaves of random cells, each enlarged softly and half as strong as the last."""
    total = Image.new("L", size, 128)
    for octave in range(5):
        cells = (2 + 2 ** (octave + 1), 2 + 2 ** (octave + 1) * stretch)
        layer = _noise(rng, cells).resize(size, Image.Resampling.BICUBIC)
        total = Image.blend(total, layer, 0.5 if octave == 0 else 0.4 / octave)
    return ImageOps.autocontrast(total)


def _glow(picture: Image.Image, centre: tuple[float, float], reach: float, colour: Colour) -> None:
    radius = round(max(picture.size) * reach)
    light = ImageOps.invert(Image.radial_gradient("L")).resize((2 * radius, 2 * radius))
    light = light.point(lambda level: round(255 * (level / 255) ** 3))
    corner = (round(picture.width * centre[0]) - radius, round(picture.height * centre[1]) - radius)
    picture.paste(Image.new("RGB", light.size, colour), corner, light)


def _ridge(rng: Random, picture: Image.Image, base: float, height: float, colour: Colour) -> None:
    """One mountain range: midpoint displacement for its outline, textured down its slope."""
    outline = [rng.uniform(-1, 1), rng.uniform(-1, 1)]
    roughness = 0.5
    while len(outline) < 129:
        middles = [(a + b) / 2 + rng.uniform(-roughness, roughness) for a, b in pairwise(outline)]
        outline = [point for pair in zip(outline, middles, strict=False) for point in pair] + outline[-1:]
        roughness *= 0.52
    width, tall = picture.size
    line = [
        (width * i / (len(outline) - 1), tall * (base - height * point / 2))
        for i, point in enumerate(outline)
    ]
    mask = Image.new("L", picture.size, 0)
    ImageDraw.Draw(mask).polygon([*line, (width, tall), (0, tall)], fill=255)
    slope = ImageOps.colorize(
        _clouds(rng, picture.size, 2), _mix(colour, (0, 0, 0), 0.25), _mix(colour, (255, 255, 255), 0.16)
    )
    picture.paste(slope, mask=mask.filter(ImageFilter.GaussianBlur(0.8)))


def _lake(rng: Random, picture: Image.Image, sky: Colour) -> None:
    """The lower part mirrors what is above it, smeared along the waves."""
    width, height = picture.size
    shore = round(height * rng.uniform(0.68, 0.76))
    depth = height - shore
    mirror = ImageOps.flip(picture.crop((0, shore - depth, width, shore)))
    mirror = mirror.resize((width, max(2, depth // 6))).resize((width, depth), Image.Resampling.BICUBIC)
    waves = ImageOps.colorize(_clouds(rng, (width, depth), stretch=14), (150, 155, 160), (255, 255, 255))
    water = Image.blend(ImageChops.multiply(mirror, waves), Image.new("RGB", mirror.size, sky), 0.25)
    picture.paste(water, (0, shore))


def _sphere(picture: Image.Image, centre: tuple[int, int], radius: int, colour: Colour) -> None:
    ball = ImageOps.invert(Image.radial_gradient("L")).resize((4 * radius, 4 * radius))
    # The light comes from the upper left: the middle of the gradient sits there, not in the middle of the fruit.
    ball = ball.crop((round(1.35 * radius), round(1.35 * radius), round(3.35 * radius), round(3.35 * radius)))
    shade = ImageOps.colorize(ball, _mix(colour, (10, 4, 8), 0.85), (255, 246, 232), mid=colour, midpoint=150)
    mask = Image.new("L", shade.size, 0)
    ImageDraw.Draw(mask).ellipse((1, 1, shade.width - 2, shade.height - 2), fill=255)
    corner = (centre[0] - radius, centre[1] - radius)
    picture.paste(shade, corner, mask.filter(ImageFilter.GaussianBlur(1)))


def _grain(rng: Random, picture: Image.Image, strength: float) -> Image.Image:
    """Sensor noise over the whole picture: without it, gradients compress to almost nothing."""
    grain = _noise(rng, picture.size).filter(ImageFilter.BoxBlur(0.6))
    return Image.blend(
        picture, ImageChops.overlay(picture, Image.merge("RGB", (grain, grain, grain))), strength * 3
    )
