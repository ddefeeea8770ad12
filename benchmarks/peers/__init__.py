"""What runs beside our crawler: each module is a whole process in the peers' environment."""
