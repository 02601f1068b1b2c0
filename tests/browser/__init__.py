"""Pages as people meet them: the real server, the real model, Chromium."""
