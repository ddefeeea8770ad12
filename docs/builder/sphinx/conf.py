"""How Sphinx makes the site: `make docs` calls it by `docs.builder.site`, which says where from."""

project = "QuasiCrawler"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "README"
# Links to headings have the names that a code host gives them.
myst_heading_anchors = 4
# Some pages name no language in their code blocks: commands, crawl files, records, all in one.
highlight_language = "none"
html_theme = "furo"
html_title = "QuasiCrawler"
html_copy_source = False
html_show_copyright = False
html_last_updated_fmt = None
html_theme_options = {
    "navigation_with_keys": True,
    # Wide tables of the reference: the text column may be as wide as the window lets it.
    "light_css_variables": {"font-stack": "system-ui, sans-serif"},
    "dark_css_variables": {"font-stack": "system-ui, sans-serif"},
}
html_static_path = ["static"]
html_css_files = ["site.css"]
