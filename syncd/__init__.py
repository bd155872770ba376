"""syncd keeps Wix schedules and people's calendars the same, both ways.

Here: the version, nothing else. The command line is `syncd.cli`.
"""

__version__ = "0.1.0"
