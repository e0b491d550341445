# SPDX-License-Identifier: BSD-3-Clause
"""DICOM images and multi-frame images, frame by frame, by pydicom."""

from __future__ import annotations

from typing import Any, List, Optional

from ..errors import Error
from .inputs import need
from .stack import ImageReader, Stack

_LOSSY_SYNTAXES = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81")
"""JPEG baseline and extended, and near-lossless JPEG-LS; of others the header tells."""


def open_dicom(path: str) -> Stack:
    """Stored values, without rescaling: (rows, columns), with leading frames and trailing channels if there are any.

    :raises Error: it has no image, or pydicom can't decode it.
    """
    pydicom = need("pydicom", "DICOM files")
    pixels = need("pydicom.pixels", "DICOM files")
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True)
    except (pydicom.errors.InvalidDicomError, OSError) as error:
        raise Error(f"{path} can't be read as DICOM: {error}") from error
    frames = int(header.get("NumberOfFrames") or 1)

    def load(index: int) -> Any:
        try:
            return pixels.pixel_array(path, index=index, raw=True)
        except (AttributeError, RuntimeError, ValueError, NotImplementedError, KeyError) as error:
            raise Error(f"{path}, frame {index}: {error}") from error

    first = load(0)
    lead = (frames,) if frames > 1 else ()
    reader = ImageReader(lead, first.shape, first.dtype, load)
    return Stack(path, lead + first.shape, first.dtype, reader, lossy=lambda: _loss(header))


def sort_instances(paths: List[str]) -> List[str]:
    """In the order of their InstanceNumber, where each has one of its own; else as they are."""
    pydicom = need("pydicom", "DICOM files")
    headers = [pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["InstanceNumber"]) for path in paths]
    numbers = [header.get("InstanceNumber") for header in headers]
    if None in numbers or len(set(numbers)) < len(numbers):
        return paths
    return [path for _, path in sorted(zip(map(int, numbers), paths))]


def _loss(header: Any) -> Optional[str]:
    if str(header.get("LossyImageCompression", "")) == "01":
        return "its header says LossyImageCompression 01"
    syntax = header.file_meta.get("TransferSyntaxUID", "") if hasattr(header, "file_meta") else ""
    return f"its transfer syntax is {getattr(syntax, 'name', syntax)}" if syntax in _LOSSY_SYNTAXES else None
