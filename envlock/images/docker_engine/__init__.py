"""The one door to a container engine, Docker's or Podman's: the docker SDK."""
