"""The whole cloud on one machine: an emulator of the AWS APIs, the real app, and what Lambda does between them."""
