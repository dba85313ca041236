"""The command line: `app` has the commands, on `numparam.Checkpoint`."""
