"""What scikit-learn makes of arrays, without its values: true shapes and dtypes."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from sphinx_kerasshape.worker.stand_ins.uniform import is_uniform, uniform


class Scaler:
    """Scales the columns of a table: it stays as large as it is."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def fit(self, X: Any, y: Any = None, **_: Any) -> Any:  # noqa: N803
        """Take the size of a table."""
        columns = _table(X).shape[1]
        self.n_features_in_ = columns
        for name in ("mean_", "var_", "scale_", "min_", "data_min_", "data_max_", "data_range_"):
            setattr(self, name, np.ones(columns))
        return self

    partial_fit = fit

    def transform(self, X: Any, **_: Any) -> Any:  # noqa: N803
        """Return a table of the same shape."""
        table = _table(X)
        if not hasattr(self, "n_features_in_"):
            raise ValueError(
                f"This {type(self).__name__} instance is not fitted yet. "
                "Call 'fit' with appropriate arguments before using this estimator."
            )
        if table.shape[1] != self.n_features_in_:
            name = type(self).__name__
            raise ValueError(
                f"X has {table.shape[1]} features, but {name} is expecting "
                f"{self.n_features_in_} features as input."
            )
        return uniform(table.shape, table.dtype if table.dtype == np.float32 else np.float64)

    inverse_transform = transform

    def fit_transform(self, X: Any, y: Any = None, **_: Any) -> Any:  # noqa: N803
        """Take the size of a table; return one of the same shape."""
        return self.fit(X).transform(X)


class LabelEncoder:
    """Numbers labels."""

    def fit(self, y: Any) -> Any:
        """Find the classes."""
        self.classes_ = _values(y)
        return self

    def transform(self, y: Any) -> Any:
        """Return the numbers of labels."""
        return np.searchsorted(self.classes_, np.ravel(y))

    def fit_transform(self, y: Any) -> Any:
        """Find the classes; return the numbers of labels."""
        return self.fit(y).transform(y)

    def inverse_transform(self, y: Any) -> Any:
        """Return labels that have some numbers."""
        return self.classes_[np.asarray(y)]


class LabelBinarizer(LabelEncoder):
    """Makes vectors of labels: a column for each class, but one for two classes."""

    def transform(self, y: Any) -> Any:
        """Return a table of zeros and ones."""
        numbers = super().transform(y)
        if len(self.classes_) == 2:
            return numbers.reshape(-1, 1)
        return np.eye(len(self.classes_), dtype=int)[numbers]


class OneHotEncoder:
    """Makes a vector of each label of a table: it has a column for each category of each column."""

    def __init__(self, *, sparse: bool = True, sparse_output: bool = True, **options: Any) -> None:
        if options.get("categories", "auto") != "auto" or options.keys() - {"categories", "handle_unknown"}:
            raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")
        self._is_dense = not (sparse and sparse_output)

    def fit(self, X: Any, y: Any = None) -> Any:  # noqa: N803
        """Find the categories of each column."""
        self.categories_ = [_values(column) for column in _table(X).T]
        return self

    def transform(self, X: Any) -> Any:  # noqa: N803
        """Return a table of zeros and ones, sparse unless it was to be dense."""
        columns = zip(_table(X).T, self.categories_, strict=True)
        found = [np.eye(len(known))[np.searchsorted(known, column)] for column, known in columns]
        table = np.concatenate(found, axis=1)
        return table if self._is_dense else importlib.import_module("scipy.sparse").csr_matrix(table)

    def fit_transform(self, X: Any, y: Any = None) -> Any:  # noqa: N803
        """Find the categories; return the table of zeros and ones."""
        return self.fit(X).transform(X)


def _table(data: Any) -> Any:
    """Return a table as an array. Raises as scikit-learn does if it isn't one."""
    table = data if isinstance(data, np.ndarray) else np.asarray(data)
    if table.ndim == 2:
        return table
    if table.ndim > 2:
        raise ValueError(f"Found array with dim {table.ndim}. Estimator expected <= 2.")
    raise ValueError(f"Expected 2D array, got {table.ndim}D array instead")


def _values(labels: Any) -> Any:
    """Return the different values of labels. Raises if they have none, since only their shape is known."""
    if is_uniform(labels):
        raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")
    return np.unique(np.ravel(labels))
