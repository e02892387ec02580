"""Sealing by data keys of KMS: imported by stages that name a key, and by no other. docs/sealing.md"""
