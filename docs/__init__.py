"""The documentation: pages in Markdown, and in `builder` what makes tables and a site of them."""
