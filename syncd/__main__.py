"""`python -m syncd`: hands over to the command line. Nothing else lives here."""

from syncd.cli import main

if __name__ == "__main__":
    main(prog_name="syncd")
