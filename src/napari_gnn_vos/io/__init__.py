"""Between paths and nouns: readers, writers and the store of prepared graphs."""
