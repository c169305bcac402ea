"""Settings of a tool: what a person may set, as a form shows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Radius = Annotated[float, Field(gt=0, le=100, title="Radius")]
"""Of a ring at the mouse, in mm."""


Over = Annotated[
    bool, Field(title="Over other organs", description="Other organs give way; else they are spared, and it is said")
]


class ToolSettings(BaseModel):
    """What a person may set of a tool; the end of a field's name is its unit."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class RadiusSettings(ToolSettings):
    """How large a brush is."""

    radius_mm: Radius = Field(6.0, description="Of the brush (Shift and wheel)")
