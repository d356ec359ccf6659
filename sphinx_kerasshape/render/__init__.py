"""The write phase: turns reports into stock docutils nodes. Pure: nothing runs or is logged here."""
