"""Widgets that know neither session nor viewer: values in, signals out."""
