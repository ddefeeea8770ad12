"""Tests of crawler.pipeline."""
