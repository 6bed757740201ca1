"""One call puts everything together; what cannot be put together leaves nothing open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import coffre
from coffre.config import ConfigurationError, find_configuration, write_configuration
from coffre.config import open as open_engine
from coffre.config.loading import load_settings
from coffre.config.places import with_password
from coffre.contract import (
    OfferUnavailableError,
    Parameter,
    ParameterError,
    PutRequest,
    Secret,
)
from coffre.streams import BytesContent
from coffre.testing import MemoryDriver, MemoryOffer

MEMORY = """\
[offers.north]
driver = "memory"
url = "memory://config-north"

[offers.south]
driver = "memory"
url = "memory://config-south"
parameters = { user = "ada" }

[strategies.default]
offers = [{ offer = "north" }, { offer = "south" }]
"""
REF = coffre.ObjectRef(tenant=0, container="object", identifier="charter")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COFFRE_CONFIG", raising=False)
    path = tmp_path / "coffre.toml"
    path.write_text(MEMORY, encoding="utf-8")
    yield path
    for name in ("north", "south"):
        MemoryOffer.discard(f"memory://config-{name}")


def test_an_engine_stores_and_reads_back(file: Path) -> None:
    with open_engine(file) as engine:
        receipt = engine.put(b"Given in the year 1328", REF)
        with engine.get(REF) as reader:
            assert reader.read() == b"Given in the year 1328"

    assert receipt.verified == 2
    assert (file.parent / "coffre.db").exists(), "the ledger is beside its configuration"


def test_the_front_door_opens_it_too(file: Path) -> None:
    with coffre.open(str(file)) as engine:
        assert list(engine.offers) == ["north", "south"]


def test_leaving_closes_the_offers(file: Path) -> None:
    with open_engine(file) as engine:
        offer = engine.offers["north"]

    with pytest.raises(OfferUnavailableError, match="closed"):
        offer.put(PutRequest(ref=REF, content=BytesContent(b"x"), size=1))


def test_an_offer_that_is_away_does_not_keep_the_engine_from_opening(file: Path) -> None:
    MemoryOffer.at("memory://config-south").online = False

    with open_engine(file) as engine:
        assert engine.offers["north"].is_available()
        assert not engine.offers["south"].is_available()


# --- finding it ------------------------------------------------------------------------------


def test_the_configuration_is_here_unless_named(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.touch()
    monkeypatch.setenv("COFFRE_CONFIG", str(other))

    assert find_configuration(other) == other
    assert find_configuration() == Path("coffre.toml")

    file.unlink()

    assert find_configuration() == other


@pytest.mark.parametrize("named", [None, "absent.toml"])
def test_a_missing_configuration_is_met_with_init(file: Path, named: str | None) -> None:
    file.unlink()

    with pytest.raises(ConfigurationError, match="coffre init"):
        open_engine(named)


def test_a_variable_that_names_nothing_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.unlink()
    monkeypatch.setenv("COFFRE_CONFIG", "absent.toml")

    with pytest.raises(ConfigurationError, match=r"absent\.toml: .*COFFRE_CONFIG names it"):
        open_engine()


# --- mistakes that only a driver sees ------------------------------------------------------------


class Keyed(MemoryDriver):
    parameters = (
        Parameter(name="user", help="Who is asking."),
        Parameter(name="key", help="The key of the service.", type=Secret),
    )


def test_an_unknown_driver_is_told_with_its_line(file: Path) -> None:
    file.write_text(MEMORY.replace('"memory"', '"memry"', 1), encoding="utf-8")

    with pytest.raises(ConfigurationError, match="Did you mean 'memory'") as caught:
        open_engine(file)

    assert (caught.value.line, caught.value.path) == (2, file)
    assert "offers.north" in str(caught.value)
    assert not (file.parent / "coffre.db").exists(), "nothing was opened"


def test_a_parameter_that_the_driver_refuses_is_told_with_its_line(file: Path) -> None:
    table = '[offers.south.parameters]\nuser = "ada"\nusr = "bob"'
    text = MEMORY.replace('parameters = { user = "ada" }', table)
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match="unknown parameter 'usr'") as caught:
        open_engine(file)

    assert caught.value.line == 10


def test_a_secret_of_the_wrong_type_is_not_shown(file: Path) -> None:
    text = MEMORY.replace('{ user = "ada" }', '{ key = ["hunter2"] }')
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match="'key' must be text") as caught:
        open_engine(file, drivers={"memory": Keyed()})

    assert "hunter2" not in str(caught.value)
    assert caught.value.line == 8


def test_a_password_is_quoted_into_the_url_that_needs_it() -> None:
    assert (
        with_password("postgresql://ada@host:5/db", "p@s/s")
        == "postgresql://ada:p%40s%2Fs@host:5/db"
    )


# --- the template ----------------------------------------------------------------------------


def test_what_init_writes_works_as_it_is(tmp_path: Path) -> None:
    made = write_configuration(tmp_path / "archive")

    assert [path.name for path in made] == ["coffre.toml", "north", "south"]
    with open_engine(made[0]) as engine:
        receipt = engine.put(b"Given in the year 1328", REF)
    assert receipt.verified == 2
    assert any(made[1].iterdir())
    assert any(made[2].iterdir())


def test_what_init_writes_in_comments_is_correct_too(tmp_path: Path) -> None:
    path = write_configuration(tmp_path)[0]
    lines = path.read_text(encoding="utf-8").splitlines()
    # Comments that are settings: a table's head, or a key and its value.
    opened = [
        line.removeprefix("# ")
        if line.startswith(("# [", "# brake", "# over", "# del", "# records"))
        else line
        for line in lines
    ]
    path.write_text("\n".join(opened), encoding="utf-8")

    settings = load_settings(path)

    assert settings.offers[0].parameters == {"records": "sidecar"}
    assert settings.rights["drafts"].overwrite
    assert settings.limits.brake_count == 1000


def test_the_offers_that_init_makes_are_never_made_again(tmp_path: Path) -> None:
    made = write_configuration(tmp_path / "archive")

    assert "create" not in made[0].read_text(encoding="utf-8")
    for place in made[1:]:
        assert (place / ".coffre" / "offer.json").is_file()
    assert not (tmp_path / "archive" / "coffre.db").exists()


def test_init_leaves_a_directory_that_holds_other_things_alone(tmp_path: Path) -> None:
    holiday = tmp_path / "offers" / "south" / "holiday.jpg"
    holiday.parent.mkdir(parents=True)
    holiday.write_bytes(b"beach")

    with pytest.raises(ParameterError, match="neither empty nor an offer"):
        write_configuration(tmp_path)

    assert not (tmp_path / "coffre.toml").exists()
    holiday.unlink()
    assert write_configuration(tmp_path)


def test_init_never_replaces_a_configuration(file: Path) -> None:
    with pytest.raises(ConfigurationError, match="stays as it is"):
        write_configuration(file.parent)

    assert file.read_text(encoding="utf-8") == MEMORY


def test_init_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()

    with pytest.raises(ConfigurationError, match="taken"):
        write_configuration(tmp_path / "taken" / "archive")
