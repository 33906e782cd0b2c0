"""What `make generate` makes under charts/ and deploy/: each module says which files, and with what content."""
