"""Measurements that are kept in git: `make bench` rewrites them, tests hold them."""
