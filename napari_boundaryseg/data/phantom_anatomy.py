"""A synthetic pelvis as a map of tissues: random anatomy with a known answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.labels import LabelScheme, preset
from napari_boundaryseg.data.volume import Geometry, LabelMap


class Tissue(IntEnum):
    """What a voxel of a synthetic scan is made of."""

    AIR = 0
    FAT = 1
    MUSCLE = 2
    MARROW = 3
    CORTEX = 4
    URINE = 5
    BLADDER_WALL = 6
    TRANSITION_ZONE = 7
    PERIPHERAL_ZONE = 8
    RECTAL_WALL = 9
    STOOL = 10
    GAS = 11
    SEMINAL_VESICLE = 12
    PLEXUS = 13
    SKIN = 14
    CSF = 15
    BRAIN = 16
    PART_A = 17
    PART_B = 18


@dataclass(frozen=True, eq=False)
class Tissues:
    """A tissue map on a scan's grid, with the organs in it.

    Parameters
    ----------
    array : (I, J, K) uint8 array of `Tissue`
    labels : LabelMap
    fade : (I, J, K) float32 array
        0..1: how far the contrast of the prostate's border has faded away at this place.
    """

    array: np.ndarray
    labels: LabelMap
    fade: np.ndarray


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], cells: int = 5) -> np.ndarray:
    """A smooth random field of SD about 1, from a coarse grid of ``cells`` points along the longest axis."""
    coarse = tuple(max(3, round(cells * n / max(shape))) for n in shape)
    field = rng.normal(size=coarse)
    return _zoom_to(field, shape).astype(np.float32)


def _zoom_to(field: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    places = [np.linspace(0, c - 1, n) for c, n in zip(field.shape, shape, strict=True)]
    for axis, place in enumerate(places):
        low = np.clip(place.astype(int), 0, field.shape[axis] - 2)
        t = place - low
        t = t * t * (3 - 2 * t)
        t = t.reshape([-1 if a == axis else 1 for a in range(field.ndim)])
        field = np.take(field, low, axis) * (1 - t) + np.take(field, low + 1, axis) * t
    return field


@dataclass(frozen=True)
class _Plan:
    """The random numbers of one anatomy, in mm, patient axes x to the left, y to the back, z up."""

    body: np.ndarray
    bladder: np.ndarray
    bladder_at: np.ndarray
    prostate: np.ndarray
    prostate_at: np.ndarray
    rectum_radius: float
    rectum_back: float
    fat_mm: float
    wall_mm: float
    rectal_wall_mm: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> _Plan:
        size = float(rng.uniform(0.9, 1.12))
        prostate = size * np.array([rng.uniform(19, 29), rng.uniform(14, 21), rng.uniform(15, 24)])
        at = np.array([rng.normal(0, 2.5), rng.normal(0, 5), rng.normal(-8, 6)])
        filling = rng.uniform(0.55, 1.35)
        bladder = size * filling * np.array([rng.uniform(26, 38), rng.uniform(22, 32), rng.uniform(18, 30)])
        bladder_at = at + [rng.normal(0, 3), -rng.uniform(4, 14), prostate[2] * 0.72 + bladder[2] * 0.9]
        return cls(
            body=size * np.array([rng.uniform(160, 190), rng.uniform(100, 125)]),
            bladder=bladder, bladder_at=bladder_at, prostate=prostate, prostate_at=at,
            rectum_radius=size * rng.uniform(9, 19), rectum_back=rng.uniform(0.5, 3.5),
            fat_mm=rng.uniform(10, 34), wall_mm=rng.uniform(2.5, 5.5), rectal_wall_mm=rng.uniform(2.5, 4.5),
        )


def anatomy(seed: int, shape: tuple[int, int, int] = (280, 280, 30),
            spacing_mm: tuple[float, float, float] = (0.8, 0.8, 3.0), scheme: LabelScheme | None = None,
            affine: np.ndarray | None = None) -> Tissues:
    """A random male pelvis.

    Parameters
    ----------
    seed : int
        The same seed gives the same anatomy, whatever the grid.
    shape, spacing_mm : tuple
        Of the scan, along patient left, back, up.
    scheme : LabelScheme, optional
        ``pelvis-mr`` by default.
    affine : (4, 4) array, optional
        Voxel-to-mm matrix; axes LPS round the origin by default.
    """
    rng = np.random.default_rng([seed, 1])
    plan = _Plan.draw(rng)
    x, y, z = _coordinates(rng, shape, spacing_mm)
    array = np.full(shape, Tissue.AIR, np.uint8)
    _trunk(array, plan, x, y, z, rng)
    _bones(array, plan, x, y, z, rng)
    organs = np.zeros(shape, np.uint8)
    _bladder(array, organs, plan, x, y, z)
    _rectum(array, organs, plan, x, y, z, rng)
    _vesicles(array, plan, x, y, z)
    _prostate(array, organs, plan, x, y, z)
    fade = _fade(rng, shape, plan, x, y, z)
    geometry = Geometry(shape, _lps(shape, spacing_mm) if affine is None else affine)
    return Tissues(array, LabelMap(organs, geometry, scheme or preset("pelvis-mr"), "phantom"), fade)


def _lps(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> np.ndarray:
    affine = np.diag([-spacing[0], -spacing[1], spacing[2], 1.0])
    affine[:3, 3] = [(shape[0] - 1) * spacing[0] / 2, (shape[1] - 1) * spacing[1] / 2,
                     -(shape[2] - 1) * spacing[2] / 2]
    return affine


def _coordinates(rng: np.random.Generator, shape: tuple[int, int, int], spacing: tuple[float, float, float]
                 ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Patient coordinates in mm of each voxel: the patient lies a little off the middle and is smoothly deformed."""
    offset = rng.normal(0, (7.0, 10.0, 6.0)).tolist()
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, spacing, strict=True)]
    grids = np.meshgrid(*axes, indexing="ij", copy=False)
    coarse_mm = 3.0
    moved = []
    for grid, away in zip(grids, offset, strict=True):
        # One deformation per anatomy in mm, so that the same seed gives the same pelvis on another grid.
        knots = rng.normal(size=(9, 7, 6)) * coarse_mm
        span = (np.array([400.0, 300.0, 200.0]))
        moved.append((grid + away + _at_mm(knots, axes, span)).astype(np.float32))
    return moved[0], moved[1], moved[2]


def _at_mm(knots: np.ndarray, axes: list[np.ndarray], span: np.ndarray) -> np.ndarray:
    field = knots
    for axis, (place_mm, length) in enumerate(zip(axes, span, strict=True)):
        place = np.clip(place_mm / length + 0.5, 0, 1) * (knots.shape[axis] - 1)
        low = np.clip(place.astype(int), 0, knots.shape[axis] - 2)
        t = place - low
        t = (t * t * (3 - 2 * t)).reshape([-1 if a == axis else 1 for a in range(3)])
        field = np.take(field, low, axis) * (1 - t) + np.take(field, low + 1, axis) * t
    return field


def _ball(x: np.ndarray, y: np.ndarray, z: np.ndarray, at: np.ndarray, radii: np.ndarray, power: float = 2.0) -> np.ndarray:
    """Below 1 inside a super-ellipsoid."""
    # Plain floats keep the float32 arrays float32.
    total = np.zeros((), np.float32)
    for grid, middle, radius in zip((x, y, z), at.tolist(), radii.tolist(), strict=True):
        scaled = (grid - middle) / radius
        total = total + (scaled * scaled if power == 2.0 else np.abs(scaled) ** power)
    return total


def _trunk(array: np.ndarray, plan: _Plan, x: np.ndarray, y: np.ndarray, z: np.ndarray, rng: np.random.Generator) -> None:
    a, b = plan.body
    r = (np.abs(x / a) ** 2.4 + np.abs(y / b) ** 2.2) ** (1 / 2.3)
    array[r < 1] = Tissue.SKIN
    array[r < 1 - 2.0 / b] = Tissue.FAT
    array[r < 1 - plan.fat_mm / b] = Tissue.MUSCLE
    cavity = _ball(x, y, z, np.array([0, -8, 12]), np.array([0.36 * a, 0.62 * b, 75]), 2.5)
    array[cavity < 1] = Tissue.FAT
    for side in (-1, 1):
        gluteal = ((x - side * 0.42 * a) / (0.36 * a)) ** 2 + ((y - 0.62 * b) / (0.3 * b)) ** 2
        array[(gluteal < 1) & (r < 1 - 0.7 * plan.fat_mm / b)] = Tissue.MUSCLE
        cleft = np.abs(x - side * 0.36 * a) < 4
        array[cleft & (array == Tissue.MUSCLE) & (np.abs(y - 0.1 * b) < 0.5 * b)] = Tissue.FAT
        inner = ((x - side * 0.33 * a) / 11) ** 2 + ((y + 2) / 42) ** 2
        array[(inner < 1) & (z < 30)] = Tissue.MUSCLE
    levator = np.abs(np.abs(x) - (22 + 0.55 * (z + 30))) < 3
    array[levator & (z < 8) & (z > -45) & (np.abs(y - 12) < 30)] = Tissue.MUSCLE
    floor = z < plan.prostate_at[2] - plan.prostate[2] - 4
    array[floor & (np.abs(x) < 24) & (y > -30) & (y < 45) & (array == Tissue.FAT)] = Tissue.MUSCLE
    speckle = _at_mm(rng.normal(size=(40, 30, 20)), _axes_of(x, y, z), np.array([400.0, 300.0, 200.0]))
    near = _ball(x, y, z, plan.prostate_at, plan.prostate + 12)
    array[(near < 1) & (speckle > 0.55) & (array == Tissue.FAT)] = Tissue.PLEXUS


def _axes_of(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> list[np.ndarray]:
    return [x[:, 0, 0], y[0, :, 0], z[0, 0, :]]


def _bones(array: np.ndarray, plan: _Plan, x: np.ndarray, y: np.ndarray, z: np.ndarray, rng: np.random.Generator) -> None:
    a, b = plan.body
    shapes = []
    for side in (-1, 1):
        head = np.array([side * 0.52 * a, -0.06 * b, rng.uniform(-4, 10)])
        shapes.append((_ball(x, y, z, head, np.full(3, 24.0)), 3.0 / 24))
        shapes.append((_ball(x, y, z, head + [side * 26, 8, -26], np.array([17.0, 20, 34])), 3.5 / 17))
        shapes.append((_ball(x, y, z, np.array([side * 0.42 * a, 0.3 * b, -34]), np.array([15.0, 17, 24])), 3.0 / 15))
        shapes.append((_ball(x, y, z, np.array([side * 0.16 * a, -0.52 * b, plan.prostate_at[2] + 2]),
                             np.array([0.15 * a, 11, 15]), 2.6), 3.0 / 11))
        shapes.append((_ball(x, y, z, np.array([side * 0.5 * a, 0.12 * b, 48]), np.array([14.0, 36, 34])), 3.0 / 14))
    shapes.append((_ball(x, y, z, np.array([0, 0.7 * b, 22]), np.array([0.2 * a, 13, 50])), 3.0 / 13))
    for value, wall in shapes:
        array[value < 1] = Tissue.CORTEX
    for value, wall in shapes:
        array[value < (1 - wall) ** 2] = Tissue.MARROW


def _bladder(array: np.ndarray, organs: np.ndarray, plan: _Plan, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
    value = _ball(x, y, z, plan.bladder_at, plan.bladder, 2.3)
    array[value < 1] = Tissue.BLADDER_WALL
    organs[value < 1] = 1
    inside = _ball(x, y, z, plan.bladder_at, plan.bladder - plan.wall_mm, 2.3)
    array[inside < 1] = Tissue.URINE


def _rectum(array: np.ndarray, organs: np.ndarray, plan: _Plan, x: np.ndarray, y: np.ndarray, z: np.ndarray,
            rng: np.random.Generator) -> None:
    """A bent tube behind the prostate with wall, stool and sometimes gas."""
    back = plan.prostate_at[1] + plan.prostate[1] + plan.rectum_radius * 0.8 + plan.rectum_back
    up = z - plan.prostate_at[2]
    middle_x = plan.prostate_at[0] + 4 * np.sin(up / 22 + rng.uniform(0, 6))
    middle_y = back + 0.010 * (up - 6) ** 2 * np.where(up > 0, 0.6, -0.35)
    radius = plan.rectum_radius * (1 + 0.28 * np.sin(up / 17 + rng.uniform(0, 6)) * np.clip((up + 40) / 40, 0.2, 1))
    radius = np.maximum(radius * np.clip((up + plan.prostate[2] + 30) / 30, 0.45, 1), 6.5)
    distance = np.sqrt(((x - middle_x) / 1.12) ** 2 + (y - middle_y) ** 2)
    here = (distance < radius) & (up > -plan.prostate[2] - 14) & (up < plan.prostate[2] + 45)
    here &= organs == 0
    array[here] = Tissue.RECTAL_WALL
    organs[here] = 3
    lumen = here & (distance < radius - plan.rectal_wall_mm)
    array[lumen] = Tissue.STOOL
    gas_level = rng.uniform(-0.9, 1.3)
    array[lumen & ((y - middle_y) < -gas_level * radius)] = Tissue.GAS


def _vesicles(array: np.ndarray, plan: _Plan, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
    for side in (-1, 1):
        at = plan.prostate_at + [side * 17, plan.prostate[1] * 0.62, plan.prostate[2] * 0.95]
        value = _ball(x, y, z, at, np.array([17.0, 6.5, 7.5]))
        array[(value < 1) & np.isin(array, (Tissue.FAT, Tissue.PLEXUS, Tissue.MUSCLE))] = Tissue.SEMINAL_VESICLE


def _prostate(array: np.ndarray, organs: np.ndarray, plan: _Plan, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
    taper = 1 + 0.22 * np.clip((z - plan.prostate_at[2]) / plan.prostate[2], -1, 1)
    radii = plan.prostate
    value = (np.abs((x - plan.prostate_at[0]) / (radii[0] * taper)) ** 2.3
             + np.abs((y - plan.prostate_at[1]) / (radii[1] * taper)) ** 2.3
             + np.abs((z - plan.prostate_at[2]) / radii[2]) ** 2.2)
    here = (value < 1) & (organs != 1)
    array[here] = Tissue.PERIPHERAL_ZONE
    organs[here] = 2
    core = _ball(x, y, z, plan.prostate_at + [0, -0.24 * radii[1], 0.08 * radii[2]], radii * [0.74, 0.72, 0.82], 2.2)
    array[here & (core < 1)] = Tissue.TRANSITION_ZONE


def _fade(rng: np.random.Generator, shape: tuple[int, int, int], plan: _Plan, x: np.ndarray, y: np.ndarray,
          z: np.ndarray) -> np.ndarray:
    """Where the prostate looks like what lies round it: patches that cover most of its border."""
    knots = rng.normal(size=(26, 20, 14))
    field = _at_mm(knots, _axes_of(x, y, z), np.array([400.0, 300.0, 200.0]))
    near = _ball(x, y, z, plan.prostate_at, plan.prostate * 1.45)
    strength = np.clip((field + 0.75) / 0.35, 0, 1)
    return (strength * np.clip((1.0 - near) / 0.25, 0, 1)).astype(np.float32)
