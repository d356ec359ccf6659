"""The data sets of scikit-learn without their data: true shapes, dtypes and numbers of classes."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import numpy as np

from sphinx_kerasshape.worker.stand_ins.uniform import uniform
from sphinx_kerasshape.worker.stand_ins.used import Used


class _Table(NamedTuple):
    samples: int
    columns: int
    classes: int = 0
    """0: the targets are measured."""
    image: tuple[int, ...] = ()
    """The shape of a sample as an image."""


_TABLES = {
    "load_iris": _Table(150, 4, 3),
    "load_wine": _Table(178, 13, 3),
    "load_breast_cancer": _Table(569, 30, 2),
    "load_digits": _Table(1_797, 64, 10, (8, 8)),
    "load_diabetes": _Table(442, 10),
    "fetch_california_housing": _Table(20_640, 8),
    "fetch_olivetti_faces": _Table(400, 4_096, 40, (64, 64)),
}
_NAMES = {
    "load_iris": "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)",
    "fetch_california_housing": "MedInc,HouseAge,AveRooms,AveBedrms,Population,AveOccup,Latitude,Longitude",
}
_SAMPLE_IMAGE = (427, 640, 3)
"""The shape of each of the two images that come with scikit-learn."""


class Bunch(dict[str, Any]):
    """A mapping whose items are its attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def functions(used: Used) -> dict[str, Any]:
    """Return the functions of ``sklearn.datasets`` whose results are known."""
    made: dict[str, Any] = {name: _loader(name, table, used) for name, table in _TABLES.items()}

    def load_sample_image(image_name: str) -> Any:
        used.note(f"data for {image_name}")
        return uniform(_SAMPLE_IMAGE, "uint8")

    def load_sample_images() -> Any:
        used.note("data for load_sample_images")
        return Bunch(images=[uniform(_SAMPLE_IMAGE, "uint8")] * 2, filenames=["china.jpg", "flower.jpg"])

    return made | {"load_sample_image": load_sample_image, "load_sample_images": load_sample_images}


def _loader(name: str, table: _Table, used: Used) -> Any:
    def load(*, return_X_y: bool = False, as_frame: bool = False, **_: Any) -> Any:  # noqa: N803
        if as_frame:
            importlib.import_module("pandas")  # Without it, scikit-learn has no frames either.
            raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")
        used.note(f"data for {name.partition('_')[2]}")
        return _pair(table) if return_X_y else _bunch(name, table)

    return load


def _pair(table: _Table) -> tuple[Any, Any]:
    items: Any = np.arange(table.samples * table.columns) % 97  # no column is constant
    labels: Any = np.arange(table.samples) % (table.classes or 50)
    return items.reshape(table.samples, table.columns).astype(float), labels if table.classes else labels / 10


def _bunch(name: str, table: _Table) -> Bunch:
    data, target = _pair(table)
    names = _NAMES[name].split(",") if name in _NAMES else [f"feature{one}" for one in range(table.columns)]
    bunch = Bunch(data=data, target=target, feature_names=names, DESCR="", frame=None)
    if table.classes:
        bunch["target_names"] = np.array([f"class{one}" for one in range(table.classes)])
    if table.image:
        bunch["images"] = data.reshape(table.samples, *table.image)
    return bunch
