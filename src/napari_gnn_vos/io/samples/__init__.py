"""Sample videos: scenes composed of photographs, simulated cells, a real time lapse."""
