"""What is shown of a deployed stage. A file is a story: checks that run from top to bottom, each with a sentence for a name."""
