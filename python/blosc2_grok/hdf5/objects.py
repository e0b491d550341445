# SPDX-License-Identifier: BSD-3-Clause
"""Objects of one HDF5 file made anew in another: attributes to the last bit, links, and references that still refer."""

from __future__ import annotations

import os
from typing import Any, Callable, List, Tuple

import h5py
import numpy as np


def copy_attributes(source: Any, target: Any, deferred: List[Callable[[], None]]) -> None:
    """All of them; those that hold references are put off until what they refer to is there."""
    for name in source.attrs:
        attribute = h5py.h5a.open(source.id, name.encode() if isinstance(name, str) else name)
        if holds_references(attribute.dtype):
            deferred.append(_later(source, target, name))
            continue
        if h5py.h5a.exists(target.id, attribute.name):
            h5py.h5a.delete(target.id, attribute.name)
        made = h5py.h5a.create(target.id, attribute.name, attribute.get_type(), attribute.get_space())
        if attribute.get_space().get_simple_extent_type() == h5py.h5s.NULL:
            continue
        values = np.empty(attribute.shape, dtype=attribute.dtype)
        attribute.read(values)
        made.write(values)


def _later(source: Any, target: Any, name: str) -> Callable[[], None]:
    def copy() -> None:
        value = translate(source.attrs[name], source.file, target.file)
        attribute = h5py.h5a.open(source.id, name.encode() if isinstance(name, str) else name)
        target.attrs.create(name, value, attribute.shape, attribute.dtype)

    return copy


def holds_references(dtype: np.dtype[Any]) -> bool:
    """Directly, in sequences of variable length, or in a field of a compound."""
    if dtype.fields:
        return any(holds_references(field[0]) for field in dtype.fields.values())
    if dtype.subdtype is not None:
        return holds_references(dtype.subdtype[0])
    inner = h5py.check_vlen_dtype(dtype)
    if inner is not None:
        return isinstance(inner, np.dtype) and holds_references(inner)
    return h5py.check_ref_dtype(dtype) is not None


def translate(value: Any, source_file: Any, target_file: Any) -> Any:
    """References into one file as references into the other, in whatever holds them."""
    if isinstance(value, h5py.RegionReference):
        if not value:
            return value
        space = h5py.h5r.get_region(value, source_file.id)
        path = source_file[value].name.encode()
        return h5py.h5r.create(target_file.id, path, h5py.h5r.DATASET_REGION, space)
    if isinstance(value, h5py.Reference):
        return target_file[source_file[value].name].ref if value else value
    if isinstance(value, np.ndarray):
        made = value.copy()
        if value.dtype.names:
            for name in value.dtype.names:
                made[name] = translate(value[name], source_file, target_file)
        elif value.dtype.hasobject:
            for at in np.ndindex(value.shape):
                made[at] = translate(value[at], source_file, target_file)
        return made
    if isinstance(value, np.void) and value.dtype.names:
        return translate(np.asarray(value), source_file, target_file)[()]
    return value


def copy_link(link: Any, source_path: str, target_path: str) -> Any:
    """A soft or external link that leads where it did, though its file may lie in another folder."""
    if isinstance(link, h5py.SoftLink):
        return h5py.SoftLink(link.path)
    return h5py.ExternalLink(_rebase(link.filename, source_path, target_path), link.path)


def _rebase(name: str, source_path: str, target_path: str) -> str:
    folder, new_folder = (os.path.dirname(os.path.realpath(path)) for path in (source_path, target_path))
    if os.path.isabs(name) or folder == new_folder or not os.path.exists(os.path.join(folder, name)):
        return name
    return os.path.relpath(os.path.join(folder, name), new_folder)


def lacking_sources(dataset: Any) -> List[str]:
    """Files and datasets that a virtual dataset takes its samples from, and that aren't there: HDF5 would put fill
    values in their place, in silence."""
    lacking = []
    folders = [os.path.dirname(os.path.realpath(dataset.file.filename)), os.environ.get("HDF5_VDS_PREFIX", ""), ""]
    for file_name, dataset_name in sorted({(part.file_name, part.dset_name) for part in dataset.virtual_sources()}):
        if file_name == ".":
            present = dataset_name in dataset.file
        elif "%" in file_name or "%" in dataset_name:  # a pattern of a growing number of files
            continue
        else:
            present = any(_has(os.path.join(folder, file_name), dataset_name) for folder in folders)
        if not present:
            lacking.append(f"{file_name}::{dataset_name}")
    return lacking


def _has(path: str, name: str) -> bool:
    try:
        with h5py.File(path, "r") as file:
            return name in file
    except OSError:
        return False


def is_virtual_elsewhere(dataset: Any) -> bool:
    """A virtual dataset with sources in other files."""
    return bool(dataset.is_virtual) and any(part.file_name != "." for part in dataset.virtual_sources())


def creation_of(dataset: Any) -> Tuple[Any, Any]:
    """Its ``maxshape`` where it may grow, else None; and its fill value where one was set, else None."""
    grows = dataset.maxshape is not None and tuple(dataset.maxshape) != tuple(dataset.shape)
    told = dataset.id.get_create_plist().fill_value_defined() == h5py.h5d.FILL_VALUE_USER_DEFINED
    return (dataset.maxshape if grows else None), (dataset.fillvalue if told else None)
