#!/usr/bin/python3
"""Makes what Pillow makes of pictures, to compare with: pillow_reference.py FOLDER [ODD_IMAGES]

FOLDER/cases.txt lists the cases, one per line:
  decode FILE WIDTH HEIGHT PIXELS TOLERANCE           FILE decodes to PIXELS
  resize PIXELS WIDTH HEIGHT LEFT TOP RIGHT BOTTOM NEW_WIDTH NEW_HEIGHT NEW_PIXELS
PIXELS are files of RGB bytes. Exit status 77: there is no Pillow.
"""
import os
import random
import sys
import warnings

try:
    from PIL import Image, ImageOps
except ImportError as error:
    print("cannot compare:", error)
    sys.exit(77)

warnings.simplefilter("ignore")  # about the odd pictures
folder = sys.argv[1]
cases = []
rng = random.Random(4)


def keep(data, ending):
    name = "%04d.%s" % (len(os.listdir(folder)), ending)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)
    return name


def to_rgb(picture):
    """As mat means it: upright, without transparency, the upper 8 of 16 bits."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):
        gray = Image.new("L", picture.size)
        gray.putdata([value >> 8 for value in picture.getdata()])
        picture = gray
    return picture.convert("RGB")


def add_decode(data, ending):
    file = keep(data, ending)
    with Image.open(os.path.join(folder, file)) as picture:
        rgb = to_rgb(picture)
        # Pillow may bring a libjpeg of its own, whose rounding differs.
        tolerance = 2 if picture.format in ("JPEG", "MPO") else 0
    pixels = keep(rgb.tobytes(), "rgb")
    cases.append("decode %s %d %d %s %d" % (file, *rgb.size, pixels, tolerance))


def add_encoded(picture, format, **options):
    path = os.path.join(folder, "encoded")
    picture.save(path, format, **options)
    with open(path, "rb") as file:
        data = file.read()
    os.remove(path)
    add_decode(data, format.lower())


def add_resize(picture, box, size):
    source = keep(picture.tobytes(), "rgb")
    result = keep(picture.resize(size, Image.BILINEAR, box).tobytes(), "rgb")
    # Pillow holds a box as floats of 32 bits; nine digits give them exactly.
    cases.append("resize %s %d %d %.9g %.9g %.9g %.9g %d %d %s"
                 % (source, *picture.size, *box, *size, result))


def photo(width, height):
    """Gradients, edges and noise."""
    noise = Image.frombytes("RGB", (width, height), rng.randbytes(width * height * 3))
    coarse = Image.frombytes("RGB", (5, 4), rng.randbytes(60)).resize((width, height), Image.BICUBIC)
    return Image.blend(coarse, noise, 0.2)


for size in ((1, 1), (17, 13), (160, 120), (203, 77)):
    picture = photo(*size)
    for subsampling in (0, 1, 2):
        for quality in (40, 95):
            add_encoded(picture, "JPEG", subsampling=subsampling, quality=quality)
    add_encoded(picture, "JPEG", progressive=True, quality=85)
    add_encoded(picture, "JPEG", optimize=True)
    add_encoded(picture.convert("L"), "JPEG")
    add_encoded(picture.convert("CMYK"), "JPEG")
    for mode in ("RGB", "RGBA", "L", "LA", "P", "1"):
        add_encoded(picture.convert(mode), "PNG")
    for bits in (1, 2, 4):
        add_encoded(picture.quantize(1 << bits), "PNG", bits=bits)
    for mode in ("RGB", "RGBA", "L", "P", "1"):
        add_encoded(picture.convert(mode), "BMP")

if len(sys.argv) > 2:
    for part in ("valid", "misnamed"):
        for name in sorted(os.listdir(os.path.join(sys.argv[2], part))):
            path = os.path.join(sys.argv[2], part, name)
            with Image.open(path) as picture:
                is_read = picture.format in ("JPEG", "MPO", "PNG", "BMP")
            if is_read:
                with open(path, "rb") as file:
                    add_decode(file.read(), "odd")

for _ in range(120):
    width, height = rng.randint(1, 300), rng.randint(1, 300)
    left, right = sorted(rng.uniform(0, width) for _ in range(2))
    top, bottom = sorted(rng.uniform(0, height) for _ in range(2))
    if right - left < 0.01 or bottom - top < 0.01:
        continue
    box = rng.choice([(0, 0, width, height), (left, top, right, bottom)])
    add_resize(photo(width, height), box, (rng.randint(1, 200), rng.randint(1, 200)))
for size, box, new_size in (
    ((256, 192), (20.3, 20.7, 220.3, 170.7), (128, 128)),
    ((2000, 1500), (0, 0, 2000, 1500), (192, 144)),
    ((3000, 2), (0, 0, 3000, 2), (1, 1)),
    ((2, 3000), (0.5, 0.5, 1.5, 2999.5), (7, 3)),
    ((64, 64), (10.25, 11.5, 10.75, 11.75), (40, 40)),
    ((128, 128), (0, 0, 128, 128), (128, 128)),
    ((128, 128), (0.4, 0, 128, 127.7), (128, 128)),
):
    add_resize(photo(*size), box, new_size)

with open(os.path.join(folder, "cases.txt"), "w") as file:
    file.write("\n".join(cases) + "\n")
