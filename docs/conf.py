"""How Sphinx builds the docs: `make docs`."""

import logging
import sys
from pathlib import Path

from smargs import __version__

sys.path.insert(0, str(Path(__file__).resolve().parent / "_extensions"))

project = "smargs"
author = "The smargs maintainers"
project_copyright = author
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "api_text", "page_text", "playground_page"]
exclude_patterns = ["_extensions", "pictures"]

myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]

# A pattern of a toctree may match no page yet. This warning has no type, so `suppress_warnings` cannot name it.
logging.getLogger("sphinx.sphinx.directives.other").addFilter(lambda record: getattr(record, "subtype", "") != "empty_glob")

smartquotes = False  # Otherwise the two hyphens of an option become a dash.

html_theme = "furo"
html_title = f"smargs {version}"
html_favicon = "_static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sphinx = False

# The links of the API lead to smargs alone: the lists of names of Python and of other projects would be downloads.
nitpick_ignore_regex = [("py:.*", r"(?!smargs\b).*")]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
