"""The four patterns of a Flask tutorial about background work, as they are written there and as they are with Jobline. README.md has them side by side."""
