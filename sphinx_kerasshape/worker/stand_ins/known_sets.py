"""Facts about well-known data sets of ``tensorflow_datasets``: features, numbers of examples and classes."""

from __future__ import annotations

from typing import NamedTuple

Shape = tuple[int | None, ...]


class Feature(NamedTuple):
    """A feature of each example."""

    shape: Shape
    dtype: str
    classes: int = 0
    """0: it is no label of classes."""
    names: tuple[str, ...] = ()


class KnownSet(NamedTuple):
    """A data set: its features by name, the two that are supervised, and the examples of its parts."""

    features: dict[str, Feature]
    supervised: tuple[str, str]
    splits: dict[str, int]


_ANY = (None, None, 3)
_TEXT = Feature((), "string")


def _label(classes: int, names: str = "") -> Feature:
    return Feature((), "int64", classes, tuple(filter(None, names.split(","))))


def _images(shape: Shape, classes: int, names: str = "", also: str = "", **splits: int) -> KnownSet:
    """Return a set of images; ``also`` are names of more features, which are texts."""
    features = {"image": Feature(shape, "uint8"), "label": _label(classes, names)}
    features |= dict.fromkeys(also.split(), _TEXT)
    return KnownSet(dict(sorted(features.items())), ("image", "label"), splits)


def _texts(text: str, classes: int, names: str, also: str = "", **splits: int) -> KnownSet:
    features = dict.fromkeys((text, *also.split()), _TEXT) | {"label": _label(classes, names)}
    return KnownSet(features, (text, "label"), splits)


_DIGITS = "0,1,2,3,4,5,6,7,8,9"
_PETS = KnownSet(
    {
        "file_name": _TEXT,
        "image": Feature(_ANY, "uint8"),
        "label": _label(37),
        "segmentation_mask": Feature((None, None, 1), "uint8"),
        "species": _label(2, "Cat,Dog"),
    },
    ("image", "label"),
    {"train": 3_680, "test": 3_669},
)
_CIFAR100 = _images((32, 32, 3), 100, also="id", train=50_000, test=10_000)

SETS: dict[str, KnownSet] = {
    "mnist": _images((28, 28, 1), 10, _DIGITS, train=60_000, test=10_000),
    "kmnist": _images((28, 28, 1), 10, train=60_000, test=10_000),
    "fashion_mnist": _images(
        (28, 28, 1),
        10,
        "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot",
        train=60_000,
        test=10_000,
    ),
    "emnist": _images((28, 28, 1), 62, train=697_932, test=116_323),
    "emnist/byclass": _images((28, 28, 1), 62, train=697_932, test=116_323),
    "emnist/balanced": _images((28, 28, 1), 47, train=112_800, test=18_800),
    "emnist/letters": _images((28, 28, 1), 37, train=88_800, test=14_800),
    "emnist/digits": _images((28, 28, 1), 10, train=240_000, test=40_000),
    "cifar10": _images(
        (32, 32, 3),
        10,
        "airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck",
        "id",
        train=50_000,
        test=10_000,
    ),
    "cifar100": _CIFAR100._replace(features={"coarse_label": _label(20), **_CIFAR100.features}),
    "svhn_cropped": _images((32, 32, 3), 10, _DIGITS, train=73_257, test=26_032, extra=531_131),
    "stl10": _images((96, 96, 3), 10, train=5_000, test=8_000, unlabelled=100_000),
    "cats_vs_dogs": _images(_ANY, 2, "cat,dog", "image/filename", train=23_262),
    "tf_flowers": _images(_ANY, 5, "dandelion,daisy,tulips,sunflowers,roses", train=3_670),
    "oxford_flowers102": _images(_ANY, 102, also="file_name", train=1_020, test=6_149, validation=1_020),
    "oxford_iiit_pet": _PETS,
    "food101": _images(_ANY, 101, train=75_750, validation=25_250),
    "horses_or_humans": _images((300, 300, 3), 2, "horses,humans", train=1_027, test=256),
    "rock_paper_scissors": _images((300, 300, 3), 3, "rock,paper,scissors", train=2_520, test=372),
    "eurosat": _images((64, 64, 3), 10, also="filename", train=27_000),
    "eurosat/rgb": _images((64, 64, 3), 10, also="filename", train=27_000),
    "beans": _images(
        (500, 500, 3), 3, "angular_leaf_spot,bean_rust,healthy", train=1_034, validation=133, test=128
    ),
    "malaria": _images(_ANY, 2, "parasitized,uninfected", train=27_558),
    "colorectal_histology": _images((150, 150, 3), 8, also="filename", train=5_000),
    "patch_camelyon": _images((96, 96, 3), 2, also="id", train=262_144, test=32_768, validation=32_768),
    "caltech101": _images(_ANY, 102, also="image/file_name", train=3_059, test=6_085),
    "plant_village": _images(_ANY, 38, also="image/filename", train=54_303),
    "stanford_dogs": _images(_ANY, 120, also="image/filename", train=12_000, test=8_580),
    "imagenette": _images(_ANY, 10, train=9_469, validation=3_925),
    "imdb_reviews": _texts("text", 2, "neg,pos", train=25_000, test=25_000, unsupervised=50_000),
    "imdb_reviews/plain_text": _texts("text", 2, "neg,pos", train=25_000, test=25_000, unsupervised=50_000),
    "ag_news_subset": _texts(
        "description", 4, "World,Sports,Business,Sci/Tech", "title", train=120_000, test=7_600
    ),
    "yelp_polarity_reviews": _texts("text", 2, "1,2", train=560_000, test=38_000),
}
"""What is known of each, by the name that ``tfds.load`` takes."""
