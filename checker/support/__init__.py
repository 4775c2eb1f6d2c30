"""What any program needs: files, errors with exit codes, journals, worker processes, memory."""
