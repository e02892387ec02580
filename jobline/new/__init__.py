"""`jobline new`: a project of a user's own, made of what this version of Jobline carries."""
