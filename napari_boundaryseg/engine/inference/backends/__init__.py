"""What computes a network's windows on a CPU: PyTorch, or OpenVINO where it has proved to be right and faster."""
