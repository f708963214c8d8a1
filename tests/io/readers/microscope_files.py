"""Files in the TIFF formats of microscopes, which no library writes."""

import struct

import numpy as np
import tifffile


def write_stk(path, frames, *, is_known=True):
    """Write a MetaMorph stack: one page, whose planes follow each other.

    Without `is_known` it lacks the tag UIC1, by which tifffile knows the format.
    """
    count, height, width = frames.shape
    pixels, times = frames.tobytes(), struct.pack("<6I", 1, 1, 2459000, 0, 2459000, 0)
    end = 8 + len(pixels)
    tags = [
        *((256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8 * frames.itemsize)),
        *((259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1)),
        *((278, 4, 1, height), (279, 4, 1, frames[0].nbytes)),
        *(((33628, 4, 1, end),) if is_known else ()),
        (33629, 5, count, end),
    ]
    directory = struct.pack("<H", len(tags))
    directory += b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    header = b"II*\0" + struct.pack("<I", end + count * len(times))
    path.write_bytes(header + pixels + count * times + directory)


def write_lsm(path, frames, *, has_thumbnails=True):
    """Write a file of a Zeiss LSM microscope: images and thumbnails in turns."""
    count, height, width = frames.shape
    info = struct.pack("<Ii", 67127628, 500)
    info += struct.pack("<8i6dH", width, height, 1, 1, count, 1, 8, 8, *[1.0] * 6, 3)
    tag = (34412, "B", 500, info.ljust(500, b"\0"), True)
    with tifffile.TiffWriter(path) as file:
        for t, frame in enumerate(frames):
            tags = [tag] if t == 0 else []
            file.write(frame, metadata=None, extratags=tags, contiguous=False)
            if has_thumbnails:
                thumbnail = np.zeros((8, 8), np.uint8)
                file.write(thumbnail, metadata=None, subfiletype=1, contiguous=False)
