"""What people see: a result as text, one file per format. Pure functions; nothing here prints or reads."""
