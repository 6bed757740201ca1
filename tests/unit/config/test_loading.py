"""What a configuration says is typed; what is wrong with it is told with file, line and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffre.config import ConfigurationError
from coffre.config.loading import load_settings
from coffre.config.settings import Settings
from coffre.contract import DigestAlgorithm, Evidence, Secret
from coffre.engine import ContainerRights, StrategyOffer
from coffre.offer import DEFAULT_RETRY

GOOD = """\
[ledger]
url = "sqlite:///coffre.db"
busy_timeout = 3

[offers.north]
driver = "filesystem"
url = "file:offers/north"

[offers.north.retry]
attempts = 7

[offers.south]
driver = "memory"
url = "memory://south"
parameters.user = "ada"

[strategies.default]
offers = [
    { offer = "south", rank = 2 },
    { offer = "north", rank = 1, referent = true },
]
required = 1
algorithm = "sha256"
verify = "read"

[containers.drafts]
overwrite = true

[limits]
spool_bytes = 1000
brake_share = 0.5
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "coffre.toml"


def load(file: Path, text: str) -> Settings:
    file.write_text(text, encoding="utf-8")
    return load_settings(file)


def refused(file: Path, text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load(file, text)
    return caught.value


def test_offers_are_read_in_order_with_absolute_places(file: Path, tmp_path: Path) -> None:
    north, south = load(file, GOOD).offers

    assert (north.id, north.driver, north.url) == (
        "north",
        "filesystem",
        f"file://{tmp_path}/offers/north",
    )
    assert north.retry.attempts == 7
    assert north.retry.deadline == DEFAULT_RETRY.deadline
    assert (south.url, south.parameters) == ("memory://south", {"user": "ada"})


def test_a_strategy_is_read_in_the_order_of_its_ranks(file: Path) -> None:
    strategy = load(file, GOOD).strategies["default"]

    assert strategy.copies == (
        StrategyOffer(offer="north", rank=1, referent=True),
        StrategyOffer(offer="south", rank=2),
    )
    assert strategy.required == 1
    assert strategy.algorithm is DigestAlgorithm.SHA256
    assert strategy.verify is Evidence.READ


def test_what_is_not_said_has_a_default(file: Path, tmp_path: Path) -> None:
    settings = load(
        file,
        """
        offers.north = {driver = "memory", url = "memory://n"}
        offers.south = {driver = "memory", url = "memory://s"}
        strategies.default.offers = [{offer = "north"}, {offer = "south"}]
        """,
    )

    strategy = settings.strategies["default"]
    assert strategy.required == 2, "all copies, unless the user takes less"
    assert [(copy.offer, copy.rank) for copy in strategy.copies] == [("north", 1), ("south", 2)]
    assert strategy.verify is Evidence.PRESENT
    assert settings.ledger.url == str(tmp_path / "coffre.db")
    assert settings.rights == {}


def test_strategies_can_be_written_as_tables_too(file: Path) -> None:
    settings = load(
        file,
        """
        [offers.north]
        driver = "memory"
        url = "memory://n"
        [[strategies.default.offers]]
        offer = "north"
        """,
    )

    assert settings.strategies["default"].offers == ("north",)


def test_the_rest_is_read(file: Path, tmp_path: Path) -> None:
    settings = load(file, GOOD)

    assert settings.ledger.url == str(tmp_path / "coffre.db")
    assert settings.ledger.busy_timeout == 3.0
    assert settings.rights == {"drafts": ContainerRights(overwrite=True, delete=True)}
    assert settings.limits.spool_bytes == 1000
    assert settings.limits.brake_share == 0.5


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("file:offers/n", "file://{base}/offers/n"),
        ("offers/n", "{base}/offers/n"),
        ("./n", "{base}/n"),
        ("offers/a:b", "{base}/offers/a:b"),
        ("/srv/n", "/srv/n"),
        ("file:///srv/n", "file:///srv/n"),
        ("https://host/n", "https://host/n"),
        ("memory://n", "memory://n"),
    ],
)
def test_places_are_relative_to_the_file(
    file: Path, tmp_path: Path, written: str, meant: str
) -> None:
    text = GOOD.replace("file:offers/north", written)

    assert load(file, text).offers[0].url.replace("/./", "/") == meant.format(base=tmp_path)


def test_a_directory_with_odd_characters_makes_a_url_that_means_it(tmp_path: Path) -> None:
    odd = tmp_path / "a b#c?d%e"
    odd.mkdir()

    assert load(odd / "coffre.toml", GOOD).offers[0].url.endswith("/a%20b%23c%3Fd%25e/offers/north")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///l.db", "{base}/l.db"),
        ("sqlite:////srv/l.db", "/srv/l.db"),
        ("l.db", "{base}/l.db"),
        ("postgresql://ada@host/coffre", "postgresql://ada@host/coffre"),
    ],
)
def test_the_ledger_is_relative_to_the_file_too(
    file: Path, tmp_path: Path, written: str, meant: str
) -> None:
    text = GOOD.replace("sqlite:///coffre.db", written)

    assert load(file, text).ledger.url == meant.format(base=tmp_path)


def test_secrets_are_kept_as_references(file: Path, tmp_path: Path) -> None:
    settings = load(
        file,
        GOOD.replace("parameters.user", 'parameters.key = {file = "key"}\nparameters.user').replace(
            'url = "sqlite:///coffre.db"',
            'url = "postgresql://a@h/c"\npassword = {environment = "LEDGER"}',
        ),
    )

    assert settings.offers[1].parameters["key"] == {"file": str(tmp_path / "key")}
    assert settings.ledger.password == Secret.from_environment("LEDGER")


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        # Unknown keys, in every table.
        (("[ledger]", "[leger]"), 1, "unknown key 'leger'; did you mean 'ledger'?"),
        (('driver = "filesystem"', 'drvier = "filesystem"'), 5, "offers.north: driver is missing"),
        (("busy_timeout", "busy"), 3, "ledger: unknown key 'busy'"),
        (("attempts = 7", "atempts = 7"), 10, "did you mean 'attempts'?"),
        (("required = 1", "requires = 1"), 22, "did you mean 'required'?"),
        (("rank = 2", "rnk = 2"), 19, "strategies.default.offers: unknown key 'rnk'"),
        (("overwrite = true", "overwritten = true"), 27, "did you mean 'overwrite'?"),
        (("spool_bytes", "spool"), 30, "limits: unknown key 'spool'"),
        # Wrong types.
        (('"sqlite:///coffre.db"', "3"), 2, "ledger: url must be text in quotes"),
        (("attempts = 7", 'attempts = "7"'), 10, "attempts must be a whole number"),
        (("attempts = 7", "attempts = true"), 10, "attempts must be a whole number"),
        (("attempts = 7", "attempts = 7.5"), 10, "attempts must be a whole number"),
        (("brake_share = 0.5", 'brake_share = "half"'), 31, "brake_share must be a number"),
        (("referent = true", 'referent = "yes"'), 20, "referent must be true or false"),
        (("[limits]", "[[limits]]"), 29, "limits must be a table"),
        (("{ offer = \"south\", rank = 2 }", '"south"'), 19, "each of offers must be a table"),
        # Bad numbers and words.
        (("attempts = 7", "attempts = 0"), 10, "attempts is 0; it must be at least 1"),
        (("brake_share = 0.5", "brake_share = 2"), 31, "it must be 0 to 1"),
        (("brake_share = 0.5", "brake_share = nan"), 31, "it must be 0 to 1"),
        (("spool_bytes = 1000", "spool_bytes = -1"), 30, "at least 0"),
        (("required = 1", "required = 0"), 22, "required is 0"),
        (("required = 1", "required = 3"), 22, "3 verified copies are required, of 2 offers"),
        (('"sha256"', '"sha257"'), 23, "did you mean 'sha256'?"),
        (('"sha256"', '"md5"'), 23, "algorithm is 'md5'"),
        (('verify = "read"', 'verify = "never"'), 24, "use one of: written, reported, read"),
        # Strategies and offers.
        (("[strategies.default]", "[strategies.other]"), 17, "no strategy 'default'"),
        (('offer = "south"', 'offer = "sought"'), 19, "no offer 'sought'"),
        (('offer = "south"', 'offer = "west"'), 19, "configured are: north, south"),
        (("rank = 2", "rank = 1"), 18, "gives two offers one rank"),
        (('{ offer = "south", rank = 2 }', '{ offer = "north", rank = 2 }'), 18, "an offer twice"),
        (("rank = 2", "rank = 2, referent = true"), 18, "two referents"),
        (("[offers.north]", '[offers."no rth"]'), 5, "offer id 'no rth' is not allowed"),
        (("[containers.drafts]", '[containers."dr/fts"]'), 26, "container 'dr/fts'"),
        # Secrets.
        (('"memory://south"', '"https://ada:hunter2@host"'), 14, "url holds a password"),
        (('"sqlite:///coffre.db"', '"postgresql://a:hunter2@h/c"'), 2, "url holds a password"),
        (("busy_timeout = 3", 'password = "hunter2"'), 3, "password must be a table"),
        (("busy_timeout = 3", "password = {}"), 3, "{environment ="),
        (
            ("busy_timeout = 3", 'password = {environment = "A", file = "b"}'),
            3,
            "{environment =",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_a_remedy(
    file: Path, change: tuple[str, str], line: int, message: str
) -> None:
    assert change[0] in GOOD
    error = refused(file, GOOD.replace(change[0], change[1], 1))

    assert message in str(error)
    assert str(error).startswith(f"{file}:{line}: ")
    assert (error.code, error.path, error.line) == ("configuration", file, line)
    assert "hunter2" not in str(error)


def test_what_only_looks_like_a_secret_is_left_to_the_driver(file: Path) -> None:
    odd = {"file": "key", "environment": "KEY"}
    text = GOOD.replace('user = "ada"', 'key = {file = "key", environment = "KEY"}')

    assert load(file, text).offers[1].parameters == {"key": odd}


def test_a_configuration_without_offers_says_how_to_add_one(file: Path) -> None:
    assert "[offers.north]" in str(refused(file, ""))


def test_a_strategy_without_offers_is_refused(file: Path) -> None:
    text = GOOD + "\n[strategies.empty]\nrequired = 1\n"

    assert "strategies.empty: offers is missing" in str(refused(file, text))


def test_two_offers_in_one_place_are_one_copy(file: Path) -> None:
    text = GOOD.replace('"memory"', '"filesystem"').replace(
        '"memory://south"', '"file:offers/north/"'
    )

    assert "are the same place" in str(refused(file, text))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[ledger]\nurl = \n", 2, "Invalid value"),
        ("[ledger]\nurl = 'a'\nurl = 'b'\n", 3, "not correct TOML"),
        ("a = [\n1,\n2,\n", 3, "not correct TOML"),
        ("a = 1\nb = @\nc = 3\nd = 4\n", 2, "not correct TOML"),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(
    file: Path, text: str, line: int, message: str
) -> None:
    error = refused(file, text)

    assert error.line == line
    assert message in str(error)
    assert "(at " not in str(error)


def test_what_is_not_text_is_told_with_its_line(file: Path) -> None:
    file.write_bytes(b"# fine\n# caf\xe9\n")

    with pytest.raises(ConfigurationError, match="UTF-8") as caught:
        load_settings(file)

    assert caught.value.line == 2


def test_a_byte_order_mark_is_no_mistake(file: Path) -> None:
    file.write_text(GOOD, encoding="utf-8-sig")

    assert load_settings(file).offers


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Is a directory"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("given", "demanded"),
    [
        ("true", {"*"}),
        ("false", set()),
        ('["put.conflict", "create-only"]', {"put.conflict", "create-only"}),
    ],
)
def test_an_offer_may_have_to_be_proved(file: Path, given: str, demanded: set[str]) -> None:
    text = GOOD.replace('"memory://south"\n', f'"memory://south"\nrequire_proved = {given}\n')

    north, south = load(file, text).offers

    assert south.require_proved == demanded
    assert north.require_proved == frozenset()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ('["create_only"]', "did you mean 'create-only'"),
        ('"create-only"', "must be true, false, or a list"),
        ("[1]", "must be true, false, or a list"),
    ],
)
def test_a_guarantee_that_is_unknown_is_refused(file: Path, given: str, why: str) -> None:
    text = GOOD.replace('"memory://south"\n', f'"memory://south"\nrequire_proved = {given}\n')

    with pytest.raises(ConfigurationError, match=why):
        load(file, text)
