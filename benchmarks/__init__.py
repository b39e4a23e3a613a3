"""What the connectors cost, measured against the emulator on this machine."""
