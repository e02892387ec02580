"""Sphinx's settings for the site. Nothing comes from another host, and nothing depends on the day or the machine."""

project = "Jobline"
author = ""
copyright = ""  # noqa: A001 - Sphinx's word
extensions = ["myst_parser", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["files/**"]
nitpicky = True

myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 4
copybutton_exclude = ".linenos, .gp"

html_theme = "furo"
html_title = "Jobline"
html_static_path = ["static"]
html_favicon = "static/mark.svg"
html_css_files = ["jobline.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
html_last_updated_fmt = None
html_theme_options = {
    "sidebar_hide_name": False,
    "light_css_variables": {
        "color-brand-primary": "#0b57d0",
        "color-brand-content": "#0b57d0",
        "color-brand-visited": "#6b3fa0",
    },
    "dark_css_variables": {
        "color-brand-primary": "#8ab4f8",
        "color-brand-content": "#8ab4f8",
        "color-brand-visited": "#c4a7f5",
    },
}
pygments_style = "xcode"
pygments_dark_style = "github-dark"
