"""The doors: with app.py the only importers of chalice. Each reads the request, calls one verb, shapes the answer."""
