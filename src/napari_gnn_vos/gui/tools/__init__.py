"""The attributes of an annotator, which scripts and the dock widget call."""
