"""The project that ``coffre new-driver`` writes: its name, its templates, and how it is written.

The templates are files of this room, filled in by ``string.Template``. What they make is a driver
that works, over a toy service that comes with it; the tests of coffre check it as they check ours.
"""

from coffre.cli.scaffold.name import DriverName
from coffre.cli.scaffold.project import project_files, write_project

__all__ = ["DriverName", "project_files", "write_project"]
