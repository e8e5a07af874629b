"""The words in a picture (extra `ocr`): what stands on a photographed whiteboard, a screenshot, a scanned letter.

The recogniser's models come in its package and are named by their files, so that nothing is downloaded.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

from notesearch.read.decode import NotText
from notesearch.read.pieces import Found, Piece

_MOST_PIXELS = 64_000_000
"""More than phones take, and 200 MB of memory. A few kilobytes can unpack to any size."""
_LONGEST_SIDE = 2000
"""Pixels; the recogniser would make it so small anyway."""
_LONGEST_STRIP = 4
"""How often the long side may hold the short one."""
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
"""What the endings promise; Pillow knows others whose readers run programs."""
_one_at_a_time = Lock()


def read(data: bytes) -> Found:
    """The words in a picture, from top to bottom. Raises NotText if it cannot be read as one."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes, which are looked at below, and of damaged tags
            with Image.open(BytesIO(data), formats=_FORMATS) as opened:
                width, height = opened.size
                if width * height > _MOST_PIXELS:
                    return _too_large(f"{width:,} × {height:,} pixels")
                opened.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
                picture = ImageOps.exif_transpose(opened)
                picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
                picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
                picture = _on_a_sheet(picture)
    except Image.DecompressionBombError:
        return _too_large("far too many pixels")
    except (OSError, ValueError, SyntaxError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
        # What a damaged picture makes Pillow raise is not only its own error.
        raise NotText(f"is no picture that can be read: {error or type(error).__name__}") from error
    return Found((Piece("\n".join(_words(picture)), 1),))


def _on_a_sheet(picture: Any) -> Any:
    """The picture on white, if it is a strip: the recogniser enlarges one until its short side is long enough."""
    from PIL import ImageOps

    width, height = picture.size
    wide, high = max(width, height // _LONGEST_STRIP), max(height, width // _LONGEST_STRIP)
    if (wide, high) == picture.size:
        return picture
    return ImageOps.expand(picture, (0, 0, wide - width, high - height), fill="white")


def _words(picture: Any) -> Sequence[str]:
    try:
        with _one_at_a_time:
            return _recogniser()(picture).txts or ()
    except Exception as error:  # of any of the packages behind it: one picture must not end the run (N2)
        raise NotText(f"its words could not be recognised: {type(error).__name__}: {error}") from error


def _too_large(size: str) -> Found:
    return Found(remark=f"{size}: too large a picture to look for words in, found by its name only")


@cache
def _recogniser() -> Any:
    """Made once: its models take seconds to load. Says nothing, on either output."""
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    return rapidocr.RapidOCR(
        params={"Global.log_level": "critical"}
        | {f"{stage.title()}.model_path": str(_model(models, stage)) for stage in ("det", "cls", "rec")}
    )


def _model(folder: Path, stage: str) -> Path:
    """The model of a stage: find the words, turn them upright, read them. A named file is never asked for elsewhere."""
    found = sorted(folder.glob(f"*_{stage}_*.onnx"))
    if not found:
        raise FileNotFoundError(f"rapidocr has no model *_{stage}_*.onnx in its folder")
    return found[0]
