"""From a network's answer on the scan's grid to labels and maps: decided, tidied, put right, put into arrays."""
