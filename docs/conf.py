"""Sphinx configuration: `sphinx-build -W -b html docs docs/_build/html`."""

import importlib.util
import inspect
import pathlib
import sys
from typing import Any

import numparam

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from operation_examples import example, where

project = "numparam"
copyright = "the numparam developers"
author = "the numparam developers"
release = numparam.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
]
exclude_patterns = ["_build", "figures", "examples"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = f"numparam {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "attrs_block"]
autosummary_generate = True
autodoc_typehints = "none"
# What the pages of other libraries need where these are not installed.
autodoc_mock_imports = [name for name in ("torch", "jax") if importlib.util.find_spec(name) is None]
# The site is built without them.
autodoc_mock_imports = ["torch", "jax"]
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
# Docstring examples are executed by pytest; this builder executes those of the pages.
doctest_test_doctest_blocks = ""
# Examples with other libraries run where these are installed: ":skipif: no_torch".
doctest_global_setup = """
import importlib.util
no_torch, no_jax = (importlib.util.find_spec(name) is None for name in ("torch", "jax"))
"""


def _add_example(
    app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
    """Add an example to the documentation of what was made of the table of operations."""
    place = where(name) if inspect.isroutine(value) else None
    if place is not None and not any(line.startswith(">>>") for line in lines):
        text = example(name.rpartition(".")[2], *place)
        if text is not None:
            lines += ["", "Examples", "--------", *text]


def setup(app: Any) -> None:
    """Connect the function above, before numpydoc reads the sections."""
    app.connect("autodoc-process-docstring", _add_example, priority=400)
