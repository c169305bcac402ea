# Everything a newcomer needs: `make demo`, `make test`. Each makes its own virtual environment when it is missing.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage test-long test-pyqt6 test-napari-next test-lowest models mutation lint clean
inputs := constraints.txt pyproject.toml tools/setup.sh tools/system_packages.sh

help:            ## this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: .venv/.ready   ## the virtual environment .venv, from constraints.txt

.venv/.ready: $(inputs)
	tools/setup.sh .venv pyqt5,dicom,dev

.venv-pyqt6/.ready: $(inputs)
	tools/setup.sh .venv-pyqt6 pyqt6,dicom,dev

demo: .venv/.ready   ## the main job: open, segment, show; without a display it saves pictures in demo_output
	tools/system_packages.sh
	tools/demo.sh

test: .venv/.ready   ## every check, about 10 minutes on 2 cores
	NEED_XVFB=1 tools/system_packages.sh
	tools/test.sh

coverage: .venv/.ready   ## branch coverage of every test, with its floors
	NEED_XVFB=1 tools/system_packages.sh
	tools/test.sh coverage

test-long: .venv/.ready   ## what takes hours
	NEED_XVFB=1 tools/system_packages.sh
	tools/test.sh coverage; covered=$$?; tools/test.sh long && exit $$covered

test-pyqt6: .venv-pyqt6/.ready   ## every test of the window on PyQt6
	NEED_XVFB=1 tools/system_packages.sh pyqt6
	VENV=.venv-pyqt6 BOUNDARYSEG_QT=PyQt6 tools/test.sh window

test-napari-next:   ## every test of the window with the next napari, on PyQt6; version=V
	NEED_XVFB=1 tools/system_packages.sh pyqt6
	tools/test_napari_next.sh $(version)

test-lowest:     ## the tests below the window with the oldest libraries that are allowed; keep=torch for all but that
	tools/test_lowest.sh $(keep)

data ?= ../shared/data

models: .venv/.ready   ## trains the shipped models again, resumable (hours); model=NAME for one, data=FOLDER of the data sets
	.venv/bin/python tools/train_models.py --list
	.venv/bin/python tools/train_models.py $(model) --data $(data)

lint: .venv/.ready   ## style, types, import floors, the workflow, the citation and the page of faults
	.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy && .venv/bin/lint-imports
	tools/check_schemas.sh .venv/bin/check-jsonschema
	.venv/bin/python tools/reliability.py --check

mutation: .venv/.ready   ## small changes to the code that the tests must notice (hours, resumable); groups=NAMES
	tools/mutation.sh $(groups)

clean:           ## removes the virtual environments and everything made
	rm -rf .venv .venv-pyqt6 .venv-lowest .venv-mutation .venv-napari-next build dist demo_output .pytest_cache .mypy_cache .ruff_cache
