"""Names of functions and methods whose effects are known."""

from __future__ import annotations

import builtins


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PLOTTING = _words(
    """
    matplotlib seaborn plotly pylab bokeh altair pydot pydot_ng graphviz IPython visualkeras wandb
    """
)
"""Packages that only draw, or report."""

TRAINING = _words(
    """
    fit fit_generator evaluate evaluate_generator predict predict_generator predict_classes
    predict_proba predict_on_batch train_on_batch test_on_batch
    """
)
"""Methods of models that shapes don't depend on, unless they build the model."""

SETTINGS = _words(
    """
    set_image_data_format set_image_dim_ordering set_floatx set_global_policy set_policy
    set_dtype_policy set_learning_phase clear_session reset_uids disable_eager_execution
    enable_eager_execution disable_v2_behavior enable_v2_behavior disable_v2_tensorshape
    enable_v2_tensorshape reset_default_graph run_functions_eagerly
    """
)
"""Functions that decide how each model after them is made."""

SHOWING = _words(
    """
    print pprint display plot_model model_to_dot show imshow savefig SVG Image HTML info warning debug
    log sleep collect dump save savez savez_compressed savetxt save_weights load_weights save_model
    assert_allclose assert_equal set_random_seed seed set_seed write_text system mount summary exists
    makedirs mkdir isinstance len type dir help input set_option set_printoptions filterwarnings
    simplefilter basicConfig getLogger set_verbosity set_memory_growth
    """
)
"""Functions that change none of their arguments, whatever module they are of."""

READING = SHOWING | _words(
    """
    get_config get_weights get_layer get_input_at get_output_at count_params to_json to_yaml export
    reshape astype max min mean sum std var argmax argmin transpose flatten ravel squeeze copy tolist
    numpy item round clip any all dot repeat tobytes head tail describe items keys values get index
    count split join strip lower upper replace format startswith endswith encode decode read readline
    readlines write writelines hist plot scatter unique nunique isnull value_counts compute_output_shape
    get_shape as_list apply_gradients apply gradient minimize update_state reset_state reset_states watch
    get_variable step
    """
)
"""Methods that don't change their object."""

CHANGING = _words(
    """
    append extend insert pop popitem popleft remove clear update setdefault add discard sort reverse
    appendleft extendleft rotate build compile set_weights fit_transform fit_on_texts fit_on_sequences
    adapt build_from_config load_own_variables quantize enable_lora assign assign_add assign_sub
    add_loss add_metric add_weight __setattr__ __setitem__ __delitem__ __call__ next __next__ send
    read_next flow
    """
)
"""Methods that change their object even where their value is used."""

HOLDING = _words("append extend insert update setdefault appendleft extendleft compile")
"""Methods that change their object alone, and none of their arguments."""

PLAIN = _words(
    """
    abs all any ascii bin bool bytes callable chr complex dir divmod float format hasattr hash hex id
    input int isinstance issubclass len oct ord pow print range repr round str sum type help
    """
)
"""Built-in functions that return numbers, texts and the like, which nothing can change."""

FLAT = _words(
    """
    shape ndim size dtype name ndims rank __name__ __class__ __doc__ built
    """
)
"""Attributes whose values nothing can change."""

INPUT_ARGUMENTS = _words(
    """
    input_shape input_dim batch_input_shape batch_shape batch_size_shape input_tensor
    """
)
"""Arguments that tell a layer the shape of its input."""

TEXTS = _words("os.path os.getcwd os.fspath pathlib.Path pathlib.PurePath pathlib.PurePosixPath")
"""What gives texts and paths, which nothing can change, and modules in which everything does."""

ALWAYS_BOUND = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__", "__builtins__", "__class__"}

FOREIGN = _words(
    """
    sklearn nltk gensim spacy imblearn category_encoders xgboost lightgbm tokenizers sentencepiece scipy
    """
)
"""Libraries whose ``fit`` decides what an object is."""

SAVING = _words("save savez savez_compressed savetxt save_model export")
"""Functions and methods that write the file of their first argument, or ``save_model`` of its second."""

LOADING = _words("load load_model loadtxt genfromtxt")
"""Functions that read the file of their first argument."""

PACKAGES = (
    PLOTTING
    | FOREIGN
    | _words(
        """
        keras tensorflow tf_keras tensorflow_addons tensorflow_datasets tensorflow_hub keras_cv keras_nlp
        keras_hub keras_tuner numpy pandas os sys google collections functools itertools random datetime time
        """
    )
)
"""Packages of which modules, functions and classes are imported, and hardly objects."""

USUAL = {
    "tf": "import tensorflow as tf",
    "tensorflow": "import tensorflow",
    "keras": "import keras",
    "layers": "from keras import layers",
    "np": "import numpy as np",
    "os": "import os",
    "math": "import math",
    **{name: f"from keras import {name}" for name in ("models", "Sequential", "Model", "Input")},
    **{
        name: f"from keras.layers import {name}"
        for name in (
            *("Dense", "Dropout", "Flatten", "Activation", "Embedding", "BatchNormalization"),
            *("LSTM", "GRU", "SimpleRNN", "Bidirectional", "Conv1D", "Conv2D", "MaxPooling1D"),
            *("MaxPooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D"),
        )
    },
}
"""Names that readers of a page know, and the imports that give them."""
