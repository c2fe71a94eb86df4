"""Text and API calls become resources, references kept; nothing is judged here."""
