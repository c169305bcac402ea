"""`python -m napari_boundaryseg`: the command line, as `boundaryseg` is."""

from napari_boundaryseg.cli import main

if __name__ == "__main__":
    main()
