"""Sphinx configuration: `sphinx-build -W -b html docs docs/_build/html`."""

import numparam

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
exclude_patterns = ["_build"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = "numparam"
myst_heading_anchors = 3
autosummary_generate = True
autodoc_typehints = "none"
# The site is built without them.
autodoc_mock_imports = ["torch", "jax"]
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
# Docstring examples are executed by pytest; this builder executes those of the pages.
doctest_test_doctest_blocks = ""
