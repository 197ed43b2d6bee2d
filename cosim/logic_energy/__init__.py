"""Energy of a lane's logic: its gates, and how often each of them switches in a real run."""
