"""The directory in the Human Services Data Specification (HSDS 3.1, https://docs.openreferral.org): said and read."""
