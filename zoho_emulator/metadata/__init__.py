"""Settings calls: modules, fields, layouts, users and the rest of an org's metadata."""
