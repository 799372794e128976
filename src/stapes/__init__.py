"""stapes: speech understood on the device."""
