//! What the fields may hold, and what the activity log is told.
