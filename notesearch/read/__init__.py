"""A file of a vault → a note: its bytes, properties, blocks, links, dates, and the passages it is cut into."""
