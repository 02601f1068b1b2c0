"""HTTP dialects: one vendor's words in, the same words out."""
