"""What importing and the first call cost a new process."""

from __future__ import annotations


class Import:
    def timeraw_numpy(self):
        return "import numpy"

    def timeraw_numparam(self):
        return "import numparam"

    def timeraw_first_call_from_a_warm_cache(self):
        return """
        import numpy as np
        from numparam.kernels.cpu import average
        average.mean([np.ones(3, np.float32)])
        """
