"""Cross-validation: train and evaluate on complementary sets of sequences."""
