"""The proof that no accepted job is lost and no outcome recorded twice: run against the real pipeline, not a model of it."""
