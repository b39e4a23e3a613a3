"""What a test can see and change that no client of Zoho can: data, knobs, faults."""
