"""`make chaos`: connectors as processes while things go wrong, held to the emulator's truth."""
