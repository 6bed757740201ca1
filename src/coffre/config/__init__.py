"""Configuration: ``coffre.toml`` becomes typed settings, and an engine with all it needs.

- ``opening``: finds the file and puts the house together; the only place that does.
- ``loading``, ``strategies``, ``pools``: what each table means. ``section``: one table, typed,
  nothing unknown in it. ``document``, ``lines``: mistakes are told with file and line.
- ``template``: the file that ``coffre init`` writes.

What costs time to import (the engine, the ledger's library) is imported when it is used.
"""

from coffre.config.errors import ConfigurationError
from coffre.config.opening import find_configuration, open
from coffre.config.template import write_configuration

__all__ = ["ConfigurationError", "find_configuration", "open", "write_configuration"]
