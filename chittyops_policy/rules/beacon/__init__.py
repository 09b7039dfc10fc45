"""Rules on ChittyBeacon, the monitoring step of what is deployed."""
