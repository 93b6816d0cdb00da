"""Dialplans as pictures: pure functions from a plan to text, SVG or Mermaid, that look the same every time.

    chart     a plan (and how many calls took which way) -> boxes and arrows, with what is written on them
    layering  which box stands in which row, and in which order: as few crossings as a few sweeps find
    layout    coordinates: no two boxes overlap, every arrow begins and ends at the edge of its boxes
    svg, mermaid   the text; whatever a plan says is escaped in it

The rows are those of a layered drawing (Sugiyama, Tagawa and Toda 1981): ways round are turned about, each box stands
below all that lead to it, a long arrow is a chain of empty places, and rows are ordered by the means of their
neighbours. Arrows to the same box share their chain, so that a step to which everybody fails has one line to it.
"""
