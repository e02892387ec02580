"""`jobline doctor`: what must hold of a live stage, looked at check by check, told with its reason, and mended where that is safe."""
