"""What is wrong or odd about a catalogue: completeness, duplicates, gaps, blasts."""
