"""The parts of scikit-learn that prepare data, for where it is not installed; the rest of it is missing."""

from __future__ import annotations

import math
import types
from typing import Any

from sphinx_kerasshape.worker.stand_ins import scaling, tables
from sphinx_kerasshape.worker.stand_ins.used import Used

NAMES = frozenset(
    f"sklearn{name}" for name in ("", ".datasets", ".model_selection", ".preprocessing", ".utils")
)
_SCALERS = (
    *("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler"),
    *("Normalizer", "PowerTransformer", "QuantileTransformer"),
)
_ENCODERS = (scaling.LabelEncoder, scaling.LabelBinarizer, scaling.OneHotEncoder)


class Modules:
    """Makes the modules."""

    def __init__(self, used: Used) -> None:
        self._used = used

    def __call__(self, name: str) -> types.ModuleType:
        """Return a module of this name."""
        return _Module(name, self._members(name.partition(".")[2]))

    def _members(self, name: str) -> dict[str, Any]:
        if name == "datasets":
            return tables.functions(self._used)
        if name == "model_selection":
            return {"train_test_split": self._noting(train_test_split)}
        if name == "utils":
            return {"shuffle": self._noting(shuffle), "Bunch": tables.Bunch}
        if name == "preprocessing":
            scalers = (type(one, (scaling.Scaler,), {}) for one in _SCALERS)
            return {kind.__name__: self._noting(kind) for kind in (*scalers, *_ENCODERS)}
        return {"__version__": "1.5.0"}

    def _noting(self, function: Any) -> Any:
        def noting(*args: Any, **kwargs: Any) -> Any:
            self._used.note(function.__name__)
            return function(*args, **kwargs)

        return noting


class _Module(types.ModuleType):
    is_stand_in = True

    def __init__(self, name: str, members: dict[str, Any]) -> None:
        super().__init__(name)
        self.__dict__.update(members)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")


def train_test_split(*arrays: Any, test_size: Any = None, train_size: Any = None, **_: Any) -> list[Any]:
    """Return the first samples of each array, and the others behind them, as many as there would be."""
    samples = len(arrays[0])
    if any(len(array) != samples for array in arrays):
        sizes = [len(array) for array in arrays]
        raise ValueError(f"Found input variables with inconsistent numbers of samples: {sizes}")
    test, train = _sizes(samples, test_size, train_size)
    return [part for array in arrays for part in (array[:train], array[train : train + test])]


def _sizes(samples: int, test_size: Any, train_size: Any) -> tuple[int, int]:
    if test_size is None and train_size is None:
        test_size = 0.25
    train = math.floor(train_size * samples) if isinstance(train_size, float) else train_size
    test = math.ceil(test_size * samples) if isinstance(test_size, float) else test_size
    test = samples - train if test is None else test
    return test, samples - test if train is None else train


def shuffle(*arrays: Any, n_samples: int | None = None, **_: Any) -> Any:
    """Return arrays as they are: nothing that is looked at depends on their order."""
    found = [array[:n_samples] for array in arrays]
    return found if len(found) != 1 else found[0]
