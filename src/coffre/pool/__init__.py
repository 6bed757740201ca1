"""Pools of connections and limits of threads, as drivers that wrap drivers."""
