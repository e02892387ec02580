"""The same four patterns in Quart, awaited. README.md of flask_app has them side by side; this one submits the same tasks."""
