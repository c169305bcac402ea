"""The only writer and reader of layers: values to layers, layers to values."""
