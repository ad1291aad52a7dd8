"""The page in the browser: static files without a build step, and the script that vendors theirs."""
