"""How far one stage goes: a model of AWS's published limits, driven by the real keys, retry policy, lanes and counted costs."""
