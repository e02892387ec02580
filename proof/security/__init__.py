"""Looking for what gets in: the API asked at random by its own documentation, its readers fed with anything, the code and the template judged."""
