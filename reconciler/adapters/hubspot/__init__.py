"""HubSpot. `options`: what a file says of it; `door`: what a run opens, over `contacts`, `properties` and `tags`;
`types`, `abilities`, `paths`: tables; `shapes`: what is read of answers; `errors`: what refusals mean."""
