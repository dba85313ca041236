"""What is imported when, and what is said if a library is not there."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_a_missing_library_is_an_import_error_that_names_the_extra(library):
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "try:\n"
        f"    from numparam.interop import {library}\n"
        "except ImportError as error:\n"
        "    print(error)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"pip install 'numparam[{library}]'" in result.stdout, result.stderr


def test_numparam_imports_no_other_library():
    code = (
        "import sys, numparam, numparam.interop\n"
        "print({'torch', 'jax', 'numba', 'typer', 'rich'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "set()\n", result.stderr
