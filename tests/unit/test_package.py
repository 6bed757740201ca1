"""What the installed package says about itself."""

from __future__ import annotations

from importlib import resources
from importlib.metadata import metadata, version

import coffre


def test_the_package_and_its_metadata_agree_on_the_version() -> None:
    assert coffre.__version__ == version("coffre")


def test_the_types_are_shipped() -> None:
    assert resources.files("coffre").joinpath("py.typed").is_file()


def test_the_licence_is_an_spdx_expression() -> None:
    assert metadata("coffre")["License-Expression"] == "Apache-2.0"
