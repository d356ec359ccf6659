"""Backbones of KerasHub from small configs. They need keras-hub."""

from __future__ import annotations

import tomllib
from pathlib import Path

_TEXT = (
    "vocabulary_size=50, num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32, "
    "max_sequence_length=32"
)
BACKBONES = {
    name: f"import keras_hub\nmodel = keras_hub.models.{name}({config})"
    for name, config in {
        "BertBackbone": _TEXT,
        "RobertaBackbone": _TEXT,
        "DistilBertBackbone": _TEXT,
        "AlbertBackbone": _TEXT + ", embedding_dim=8",
        "GPT2Backbone": _TEXT,
        "BartBackbone": _TEXT,
        "OPTBackbone": _TEXT,
        "T5Backbone": "vocabulary_size=50, num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32",
        "GemmaBackbone": "vocabulary_size=50, num_layers=2, num_query_heads=2, num_key_value_heads=1, "
        "hidden_dim=16, intermediate_dim=32, head_dim=8",
        "MistralBackbone": "vocabulary_size=50, num_layers=2, num_query_heads=2, num_key_value_heads=1, "
        "hidden_dim=16, intermediate_dim=32",
        "ViTBackbone": "image_shape=(32, 32, 3), patch_size=16, num_layers=2, num_heads=2, "
        "hidden_dim=16, mlp_dim=32",
        "ResNetBackbone": "input_conv_filters=[64], input_conv_kernel_sizes=[7], "
        "stackwise_num_filters=[64, 64], "
        "stackwise_num_blocks=[1, 1], stackwise_num_strides=[1, 2], block_type='basic_block', "
        "image_shape=(None, None, 3)",
    }.items()
}
MORE = {
    name: f"import keras_hub\nmodel = keras_hub.models.{name}({config})"
    for name, config in tomllib.loads(Path(__file__).with_suffix(".toml").read_text()).items()
}
"""Further ones, for the census alone."""
