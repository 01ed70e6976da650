"""BottleCRM. `options`: what a file says of it; `door`: what a run opens, over `fields` and `tags`; `abilities`:
tables; `shapes`: what is read of answers; `api`: how it is asked, and what its refusals mean."""
