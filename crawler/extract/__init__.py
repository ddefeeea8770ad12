"""From a `Document` to the record: what a page says about itself, and the line a user gets."""
