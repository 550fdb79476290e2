"""The one door to py-rattler: `child` asks, `worker` answers in a process of its own, `matching` holds versions."""
