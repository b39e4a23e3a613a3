"""Writes each connector's folder as Airbyte's monorepo has them."""
