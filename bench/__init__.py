"""The table of targets, measured: `python -m bench`. Data with exact ground truth, stages in processes of their own."""
