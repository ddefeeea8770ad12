"""Mutations: each breaks one guard, and a test must notice."""
