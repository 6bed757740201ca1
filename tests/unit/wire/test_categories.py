"""Categories: the 26 rows of section 5.1, and the names of containers of 5.2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import InvalidReferenceError
from coffre.engine.containers import PROTOCOL_CONTAINERS
from coffre.wire import (
    CATEGORIES,
    category_named,
    category_of,
    container_name,
    parse_container,
    require_category,
)

SECTION_5_1 = """
UNIT                        units                      unit                     yes yes
OBJECT                      objects                    object                   no  yes
OBJECTGROUP                 objectgroups               objectGroup              yes yes
LOGBOOK                     logbooks                   logbook                  no  no
REPORT                      reports                    report                   no  no
PROBATIVE_REPORT            probativereports           report                   no  no
MANIFEST                    manifests                  manifest                 no  no
PROFILE                     profiles                   profile                  no  no
STORAGELOG                  storagelog                 storagelog               no  no
STORAGEACCESSLOG            storageaccesslog           storageaccesslog         no  no
STORAGETRACEABILITY         storagetraceability        storagetraceability      no  no
RULES                       rules                      rules                    no  no
BATCH_REPORT                batch_report               report                   no  no
REFERENTIAL_RULES_CSV       referential_rules_csv      rules                    no  no
REFERENTIAL_AGENCIES_CSV    referential_agencies_csv   report                   no  no
DIP                         dip                        dip                      no  yes
AGENCIES                    agencies                   agencies                 no  no
BACKUP                      backup                     backup                   no  no
BACKUP_OPERATION            backupoperations           backup_operation         yes no
UNIT_GRAPH                  unitgraph                  unitgraph                no  yes
OBJECTGROUP_GRAPH           objectgroupgraph           objectgroupgraph         no  yes
DISTRIBUTIONREPORTS         distributionreports        distribution_reports     yes yes
ACCESSION_REGISTER_DETAIL   accessionregistersdetail   accessionregisterdetail  yes yes
ARCHIVAL_TRANSFER_REPLY     archivaltransferreply      archivaltransferreply    no  no
ACCESSION_REGISTER_SYMBOLIC accessionregisterssymbolic accessionregistersymbolic yes yes
TMP                         tmp                        tmp                      yes yes
"""
ROWS = [line.split() for line in SECTION_5_1.split("\n") if line]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_category_is_as_the_protocol_has_it(row: list[str]) -> None:
    category = category_named(row[0])

    assert category is not None
    assert [category.name, category.collection, category.folder] == row[:3]
    assert [category.overwrite, category.delete] == [right == "yes" for right in row[3:]]


def test_there_are_26_in_the_order_of_the_protocol() -> None:
    assert [category.name for category in CATEGORIES] == [row[0] for row in ROWS]
    assert len(ROWS) == 26


@pytest.mark.parametrize("name", ["object", "Object", "OBJECTS", "", "OBJECT "])
def test_a_category_has_one_name(name: str) -> None:
    assert category_named(name) is None


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("report", "REPORT"),
        ("rules", "RULES"),
        ("unit", "UNIT"),
        ("UNIT", "UNIT"),
        ("objectgroup", "OBJECTGROUP"),
        ("objectGroup", "OBJECTGROUP"),
        ("backup_operation", "BACKUP_OPERATION"),
        ("objectgroupgraph", "OBJECTGROUP_GRAPH"),
    ],
)
def test_the_first_category_with_a_folder_has_it(folder: str, name: str) -> None:
    category = category_of(folder)

    assert category is not None
    assert category.name == name
    assert require_category(folder) is category


def test_a_category_name_is_not_always_a_folder() -> None:
    assert category_of("OBJECTGROUP_GRAPH") is None


def test_a_container_without_a_category_is_refused_with_what_there_is() -> None:
    with pytest.raises(InvalidReferenceError, match="objectGroup"):
        require_category("photographs")


@pytest.mark.parametrize("folder", sorted({category.folder for category in CATEGORIES}))
def test_categories_that_share_a_folder_share_their_rights(folder: str) -> None:
    rights = {(each.overwrite, each.delete) for each in CATEGORIES if each.folder == folder}

    assert len(rights) == 1


@pytest.mark.parametrize(
    ("tenant", "folder", "environment", "name"),
    [
        (0, "object", "", "0_object"),
        (12, "backup_operation", "", "12_backup_operation"),
        (3, "unit", "prod", "prod_3_unit"),
    ],
)
def test_containers_are_named_as_in_5_2(
    tenant: int, folder: str, environment: str, name: str
) -> None:
    assert container_name(tenant, folder, environment) == name


@given(
    st.integers(0, 2**31 - 1),
    st.sampled_from([category.folder for category in CATEGORIES]),
    st.sampled_from(["", "prod", "pre_prod", "3", "3_4"]),
)
def test_names_of_containers_come_back(tenant: int, folder: str, environment: str) -> None:
    name = container_name(tenant, folder, environment)

    assert parse_container(name, environment) == (tenant, folder)


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("object", ""),
        ("0", ""),
        ("0_", ""),
        ("_object", ""),
        ("-1_object", ""),
        ("00_object", ""),
        ("9999999999_object", ""),
        ("0_a/b", ""),
        ("prod_0_object", ""),
        ("0_object", "prod"),
        ("test_0_object", "prod"),
    ],
)
def test_a_name_of_something_else_is_refused(name: str, environment: str) -> None:
    with pytest.raises(InvalidReferenceError):
        parse_container(name, environment)


def test_the_engine_gives_each_folder_the_rights_of_the_protocol() -> None:
    """Two tables of one page: the engine does not load the protocol to know its containers."""
    told = {one.folder: (one.overwrite, one.delete) for one in CATEGORIES}
    kept = {name: (one.overwrite, one.delete) for name, one in PROTOCOL_CONTAINERS.items()}
    assert told == kept
