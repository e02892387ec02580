"""An executable specification of the protocol: small models of rows, actors and writes in flight, searched state by state.

The row's own law is not modelled but called: `chalicelib.domain.lifecycle` decides every write. What the verbs do between two writes is
stated here a second time, in few lines; tests/proof/test_spec_agrees.py holds each of those statements against the real verb.

`python -m proof.spec` searches every model and tries every mutant.
"""
