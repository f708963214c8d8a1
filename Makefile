# Every target needs .venv, which is made once. `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help demo test coverage doctests examples bench lint docs
VENV := .venv
READY := $(VENV)/.ready
DISPLAYED := bash scripts/with_display.sh
COVERAGE := --cov --cov-report=term:skip-covered --cov-report=xml
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

demo: $(READY) ## Segment the sample video into demo/; open napari if there is a screen
	$(DISPLAYED) python scripts/demo.py

test: $(READY) ## Run the tests; ARGS="..." is passed on to pytest
	$(DISPLAYED) python -m pytest $(ARGS)

coverage: $(READY) ## Run the tests and measure which lines and branches they cover
	$(DISPLAYED) python -m pytest $(COVERAGE) $(ARGS)

doctests: $(READY) ## Run the examples in docstrings
	python -m pytest -q --doctest-modules src --ignore=src/napari_gnn_vos/gui \
		--ignore=src/napari_gnn_vos/model/backends/triton_layers.py

examples: $(READY) ## Run the example scripts
	@for file in examples/*.py; do \
		echo "$$file" && $(DISPLAYED) python "$$file" || exit 1; \
	done

bench: $(READY) ## Measure speed; real frames with DAVIS=FOLDER
	python -m pytest benchmarks -o python_files='bench_*.py' --benchmark-only \
		--benchmark-json=benchmarks/raw.json $(if $(DAVIS),--davis=$(DAVIS)) $(ARGS)
	python benchmarks/report.py benchmarks/raw.json docs/data/bench.json
	python scripts/result_tables.py

lint: $(READY) ## Check style, names, types, the import rules and the napari manifest
	ruff check .
	ruff format --check .
	python scripts/check_names.py
	mypy
	lint-imports
	npe2 validate src/napari_gnn_vos/napari.yaml

docs: $(READY) ## Build the documentation site into build/site
	python scripts/result_tables.py --check
	NO_MKDOCS_2_WARNING=true mkdocs build --strict

$(READY): pyproject.toml constraints.txt scripts/setup.sh
	bash scripts/setup.sh
	@touch $@
