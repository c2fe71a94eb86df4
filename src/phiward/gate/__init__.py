"""What a report means for a pipeline: accepted exceptions, thresholds, exit status."""
