"""The checks, a module for each subject; ``catalogue.every_check`` finds them here."""
