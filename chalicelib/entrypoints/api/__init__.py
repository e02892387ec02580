"""The HTTP API. `routes.ROUTES` says what there is; Chalice's registration, 405s, rights and OpenAPI are all read from it."""
