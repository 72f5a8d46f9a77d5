// ReDoc would make the code of its search from text, which our pages may not. Without workers it searches in the page.
delete window.Worker;
