"""The use cases of Vedette: ports, the one write path, ingestion and policies."""
