"""The cases that need a new process for each measurement."""

from __future__ import annotations

from cases.processes import FIRST_CALLS, IMPORTS

_CODE = {"import numpy": "import numpy", **IMPORTS, **FIRST_CALLS}


class Processes:
    params = list(_CODE)
    param_names = ["case"]

    def timeraw_case(self, name):
        setup = "" if name == "import numpy" else "import numpy as np"
        return _CODE[name], setup
