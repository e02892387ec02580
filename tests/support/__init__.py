"""What tests of several rooms share: drivers, faults and invariants. Nothing here is a test."""
