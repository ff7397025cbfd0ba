"""Servers, images, relays and groups for experiments on one machine.

Needs Python 3 alone (Debian: python3, which fio depends on).
"""
