"""What is kept, and how it is found again. Knows no Markdown and no model."""
