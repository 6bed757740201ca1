"""The command line: parse, one call, print. What a command does is decided further down."""
