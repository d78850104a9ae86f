# Two commands do everything: `make book` and `make test`. Each makes .venv first if it is not there.
PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/python
READY = $(VENV)/ready

unexport PYTHONDONTWRITEBYTECODE # uv compiles nothing: what is imported is compiled then, once

ifdef GAN_LIB_DATA # a relative folder means another one in book/, where the chapters run
export GAN_LIB_DATA := $(abspath $(GAN_LIB_DATA))
endif

.PHONY: book pdf lighthouse test lab notebooks lint bench

book: $(READY)
	$(VENV)/bin/jupyter-book build . -W --keep-going
	@echo "Open this page: file://$(CURDIR)/_build/html/index.html"

pdf: book
	$(RUN) tests/browser/chromium.py
	$(RUN) -m book.pdf

lighthouse: book
	$(RUN) tests/browser/chromium.py
	$(RUN) -m tests.browser.lighthouse desktop mobile

test: $(READY)
	$(RUN) tests/browser/chromium.py
	$(RUN) -m pytest

lab: $(READY)
	$(VENV)/bin/jupyter lab book $(if $(filter 0,$(shell id -u)),--allow-root)

notebooks: $(READY)
	$(RUN) -m book.produce

lint: $(READY)
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .

bench: $(READY)
	$(RUN) -m gan_lib bench

# uv installs several times as fast as pip, and keeps what it fetched in the environment until it is done; where it cannot
# be had, or fails, pip does the same. It reads none of pip's settings: this tells it where pip would look.
pip_says = $$($(RUN) -m pip config list | sed -nE "s/^[a-z:]+\.$(1)='(.*)'$$/\1/p" | head -n 1 | sed 's/\\n/ /g')
UV = UV_DEFAULT_INDEX="$(call pip_says,index-url)" UV_INDEX="$(call pip_says,extra-index-url)" \
	UV_FIND_LINKS="$(call pip_says,find-links)" UV_INDEX_STRATEGY=unsafe-best-match UV_SYSTEM_CERTS=1 \
	UV_CACHE_DIR="$${UV_CACHE_DIR:-$(VENV)/cache}" $(RUN) -m uv pip

$(READY): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c "import sys; v = sys.version_info[:2]; v >= (3, 11) or sys.exit('Python %d.%d is too old; use PYTHON=python3.11 or newer.' % v)"
	$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install -qqq -c constraints.txt uv && $(UV) install -p $(RUN) -r requirements.txt \
		|| $(RUN) -m pip install -r requirements.txt
	rm -rf $(VENV)/cache
	touch $(READY)
