"""What is stored: the words, the kinds and their fields, the tables, the live rule, the database."""
