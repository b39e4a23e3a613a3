"""The parts of the source that manifest.yaml names."""
